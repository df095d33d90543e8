"""Spanish. The terms are those of the Spanish texts of the GDPR and of Regulation (EU) 2022/2065."""

from takedowns.letters.wording import Wording

WORDING = Wording(
    language="es",
    name="Spanish",
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    date="{day} de {month} de {year}",
    titles={
        "take_it_down": "Urgente: imagen íntima publicada sin consentimiento",
        "ncii_policy": "Urgente: imagen íntima, comunicación conforme a sus normas",
        "dmca_512c": "Notificación de infracción de derechos de autor, 17 U.S.C. 512(c)",
        "dsa_16": "Notificación de contenido ilícito, artículo 16 del Reglamento (UE) 2022/2065",
        "gdpr_erasure": "Solicitud de supresión y oposición, artículos 17 y 21",
        "image_right": "Requerimiento de retirada de una imagen: derecho a la propia imagen",
        "host_policy": "Comunicación sobre una imagen publicada sin permiso",
        "owner_request": "Solicitud de retirada de una imagen",
        "impersonation": "Comunicación sobre un perfil que suplanta a una persona",
        "cdn_forward": "Comunicación para su traslado y consulta sobre el proveedor de alojamiento",
        "search_explicit": "Retirada de los resultados de búsqueda: imagen íntima",
        "eu_rtbf": "Solicitud de eliminación de resultados asociados a un nombre, artículos 17 y 21",
        "reminder": "Recordatorio",
        "retraction": "Retirada de nuestra notificación",
        "info_answer": "Respuesta a su pregunta",
        "thanks": "Agradecimiento",
    },
    says={
        # --- In many letters
        "which_person": "La persona por cuya cuenta actuamos es aquella cuyo rostro se encuentra aproximadamente al "
        "{left}\u00a0% del borde izquierdo y al {top}\u00a0% del borde superior de la imagen.",
        "person": "La persona por cuya cuenta actuamos",
        "permission": "{consent}",
        "authority": "Actuamos por cuenta de {name} en virtud de una autorización firmada el {signed_on}, que obra en "
        "nuestro poder y que podemos mostrarles.",
        "request": "Les rogamos que retiren la imagen o bloqueen el acceso a ella, o que hagan que su cliente lo haga.",
        "request_profile": "Les rogamos que examinen el perfil conforme a sus normas y que retiren el perfil o la "
        "imagen.",
        "no_law": "La presente es una comunicación basada en sus propias normas: más allá de estas no se invoca "
        "ninguna ley, y no se trata de una notificación en materia de derechos de autor.",
        "house_rules": "La presente es una comunicación basada en sus propias normas: más allá de estas no se invoca "
        "ninguna ley, y no se trata de una notificación en materia de derechos de autor.",
        # --- Intimate pictures
        "no_consent": "La persona que aparece en la imagen está convencida de buena fe de que esta imagen íntima se ha "
        "publicado sin consentimiento: declara que nunca consintió su publicación.",
        "identical_copies": "Les rogamos asimismo que hagan esfuerzos razonables por localizar y retirar todas las "
        "copias idénticas conocidas.",
        # --- Copyright
        "work": "La obra es la fotografía que se muestra en las direcciones que figuran a continuación. {name} "
        "{authorship}.",
        "good_faith": "Creemos de buena fe que el uso del material en la forma denunciada no está autorizado por la "
        "persona titular de los derechos de autor, por su representante ni por la ley.",
        "accuracy": "La información contenida en la presente notificación es exacta y declaramos, bajo pena de "
        "perjurio, que la parte denunciante está autorizada para actuar en nombre de la persona titular de un derecho "
        "exclusivo que supuestamente se ha infringido.",
        # --- European Union
        "illegality": "La imagen muestra a una persona reconocible y constituye un dato personal de esa persona. "
        "{consent} No conocemos ninguna otra base jurídica para su publicación con arreglo al artículo 6, apartado 1, "
        "del Reglamento (UE) 2016/679 (Reglamento general de protección de datos, RGPD), y sin ella la publicación es "
        "ilícita.",
        "bona_fide": "Confirmamos nuestra convicción de buena fe de que la información y las alegaciones que contiene "
        "la presente notificación son precisas y completas.",
        # --- Data protection
        "rights": "De conformidad con el artículo 17 y el artículo 21, apartado 1, {law}, les solicitamos, por cuenta "
        "de {name}, que supriman estos datos personales sin dilación indebida, y nos oponemos a cualquier tratamiento "
        "ulterior de los mismos.",
        "limb": "{limb} con arreglo al artículo 17, apartado 1, letra c), puesto que {name} se opone al tratamiento y "
        "no conocemos otros motivos legítimos que prevalezcan.",
        "notify_others": "Les rogamos que comuniquen la supresión a cada uno de los destinatarios a los que se hayan "
        "comunicado los datos (artículo 19) y que adopten medidas razonables para informar de la presente solicitud a "
        "otros que traten esos datos (artículo 17, apartado 2).",
        "answer_time": "Les rogamos que respondan sin dilación indebida y, en cualquier caso, en el plazo de un mes a "
        "partir de la recepción de la presente solicitud (artículo 12, apartado 3).",
        "rights_eu_rtbf": "De conformidad con el artículo 17 y el artículo 21, apartado 1, {law}, les solicitamos, por "
        "cuenta de {name}, que eliminen estas direcciones de dichos resultados, y nos oponemos a que se muestren en "
        "ellos (Tribunal de Justicia de la Unión Europea, C-131/12).",
        # --- The right to one's own image
        "law_cited_image_right": "{consent} La publicación de una imagen en la que una persona es reconocible requiere "
        "el consentimiento de esa persona en virtud {law}.",
        "image_law": "La publicación de una imagen en la que una persona es reconocible requiere además el "
        "consentimiento de esa persona en virtud {law}.",
        "exception": "Antes de escribirles hemos examinado si concurre alguna excepción, como la información "
        "periodística o un acto público, y no apreciamos ninguna.",
        "commercial_use": "La imagen se utiliza para anunciar o vender algo.",
        "cease": "Les requerimos que retiren la imagen, que no vuelvan a publicarla en ese lugar y que nos comuniquen "
        "en su respuesta cuándo lo han hecho.",
        # --- No law
        "no_law_owner_request": "La presente es una solicitud relativa a la propia imagen de una persona: en ella no "
        "se invoca ninguna ley.",
        "request_owner_request": "Les rogamos que retiren la imagen o que nos indiquen por qué preferirían no hacerlo.",
        "not_me": "La persona que aparece en la imagen declara que no gestiona este perfil ni hace que otros lo "
        "gestionen por ella.",
        # --- Networks and search
        "forward": "Según nos consta, su red transmite este material y es posible que no lo almacene. Les rogamos que "
        "trasladen la presente comunicación al proveedor que lo aloja y a su cliente.",
        "identify_host": "Les rogamos que nos indiquen el nombre del proveedor de alojamiento y dónde recibe este tipo "
        "de comunicaciones.",
        "query_or_url": "Les rogamos que retiren de sus resultados de búsqueda las páginas y los archivos de imagen "
        "que se encuentran en estas direcciones.",
        "query_or_url_eu_rtbf": "La presente se refiere a los resultados de las búsquedas del nombre {name} que "
        "conducen a las siguientes direcciones:",
        "house_rules_search": "La presente es una solicitud basada en sus propias normas sobre los resultados de "
        "búsqueda: más allá de estas no se invoca ninguna ley, y no se trata de una notificación en materia de "
        "derechos de autor.",
        # --- Further letters
        "first_letter": "El {first_sent_on} les escribimos con la referencia {reference} acerca del material que se "
        "encuentra en las direcciones que figuran a continuación.",
        "ask_again": "La última vez que lo comprobamos, seguía estando allí. Les reiteramos lo solicitado en aquel "
        "escrito y les rogamos una respuesta en la que nos comuniquen su decisión.",
        "retract": "Retiramos íntegramente la notificación que les enviamos el {first_sent_on} con la referencia "
        "{reference}. Les rogamos que la consideren como no enviada: no formulamos reclamación alguna acerca del "
        "material que se encuentra en las direcciones que figuran a continuación.",
        "restore": "Si han retirado algo o han bloqueado el acceso a algo a causa de esa notificación, les rogamos que "
        "lo restablezcan y que no tengan en cuenta la notificación en perjuicio de quien lo puso allí.",
        "asked_us": "Ustedes nos preguntaron acerca de la notificación que les enviamos el {first_sent_on} con la "
        "referencia {reference}.",
        "thank": "Les agradecemos que hayan tramitado la notificación que les enviamos el {first_sent_on} con la "
        "referencia {reference}. El material ya no está disponible y, por nuestra parte, el asunto queda cerrado.",
    },
    consent={
        "never": "La persona que aparece en la imagen declara que nunca consintió su publicación en ese lugar.",
        "withdrawn": "La persona que aparece en la imagen consintió en su día su publicación en ese lugar y ha "
        "retirado ese consentimiento.",
        "not_sure": "La persona que aparece en la imagen no desea que esté publicada en ese lugar.",
    },
    authorship={
        "me": "la tomó y es titular de los derechos de autor sobre ella",
        "someone_for_me": "es titular de los derechos de autor sobre ella en virtud de una cesión por escrito",
    },
    limbs={
        "never": "Los datos deben suprimirse con arreglo al artículo 17, apartado 1, letra d), puesto que no conocemos "
        "ninguna base jurídica para su publicación, y",
        "withdrawn": "Los datos deben suprimirse con arreglo al artículo 17, apartado 1, letra b), puesto que se ha "
        "retirado el consentimiento, y",
        "not_sure": "Los datos deben suprimirse",
    },
    laws={
        "gdpr": "del Reglamento (UE) 2016/679 (Reglamento general de protección de datos, RGPD)",
        "uk_gdpr": "del Reglamento general de protección de datos del Reino Unido (UK GDPR)",
        # After "en virtud", so with "de".
        "de": "de los artículos 22 y 23 de la ley alemana de derechos de autor sobre obras de arte "
        "(Kunsturhebergesetz, KUG)",
        "fr": "del artículo 9 del Código Civil francés (Code civil)",
        "es": "de la Ley Orgánica 1/1982, de 5 de mayo, de protección civil del derecho al honor, a la intimidad "
        "personal y familiar y a la propia imagen",
        "it": "de los artículos 96 y 97 de la Ley italiana 633/1941 y del artículo 10 del Código Civil italiano",
        "pl": "del artículo 81 de la Ley polaca de 4 de febrero de 1994 de derechos de autor y derechos afines",
    },
)
