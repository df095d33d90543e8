"""French. The terms are those of the French texts of the GDPR and of Regulation (EU) 2022/2065."""

import datetime

from takedowns.letters.wording import Wording


class _French(Wording):
    """The first of a month is an ordinal number: `1er mai 2026`."""

    def dated(self, day: datetime.date) -> str:
        text = super().dated(day)
        return text.replace("1 ", "1er ", 1) if day.day == 1 else text


WORDING = _French(
    language="fr",
    name="French",
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    date="{day} {month} {year}",
    titles={
        "take_it_down": "Urgent\u00a0: image intime publiée sans consentement",
        "ncii_policy": "Urgent\u00a0: image intime, signalement selon vos règles",
        "dmca_512c": "Notification d'atteinte au droit d'auteur, 17 U.S.C. 512(c)",
        "dsa_16": "Notification de contenu illicite, article 16 du règlement (UE) 2022/2065",
        "gdpr_erasure": "Demande d'effacement et opposition, articles 17 et 21",
        "image_right": "Demande de retrait d'une image\u00a0: droit à l'image",
        "host_policy": "Signalement d'une image publiée sans autorisation",
        "owner_request": "Demande de retrait d'une image",
        "impersonation": "Signalement d'un profil usurpant l'identité d'une personne",
        "cdn_forward": "Signalement à transmettre et question sur l'hébergeur",
        "search_explicit": "Retrait des résultats de recherche\u00a0: image intime",
        "eu_rtbf": "Demande de déréférencement de résultats liés à un nom, articles 17 et 21",
        "reminder": "Rappel",
        "retraction": "Retrait de notre notification",
        "info_answer": "Réponse à votre question",
        "thanks": "Remerciements",
    },
    says={
        # --- In many letters
        "which_person": "La personne pour laquelle nous agissons est celle dont le visage se trouve à environ "
        "{left}\u00a0% du bord gauche et {top}\u00a0% du bord supérieur de l'image.",
        "person": "La personne pour laquelle nous agissons",
        "permission": "{consent}",
        "authority": "Nous agissons pour {name} en vertu d'un mandat signé le {signed_on}, que nous détenons et que "
        "nous pouvons vous présenter.",
        "request": "Nous vous prions de retirer l'image ou d'en rendre l'accès impossible, ou de faire en sorte que "
        "votre cliente ou votre client le fasse.",
        "request_profile": "Nous vous prions d'examiner le profil au regard de vos règles et de retirer le profil ou "
        "l'image.",
        "no_law": "Il s'agit d'un signalement fondé sur vos propres règles\u00a0; au-delà de celles-ci, nous "
        "n'invoquons aucune loi, et il ne s'agit pas d'une notification en matière de droit d'auteur.",
        "house_rules": "Il s'agit d'un signalement fondé sur vos propres règles\u00a0; au-delà de celles-ci, nous "
        "n'invoquons aucune loi, et il ne s'agit pas d'une notification en matière de droit d'auteur.",
        # --- Intimate pictures
        "no_consent": "La personne figurant sur l'image est convaincue, de bonne foi, que cette image intime "
        "a été publiée sans consentement\u00a0; elle déclare n'avoir jamais consenti à cette publication.",
        "identical_copies": "Nous vous prions également de déployer des efforts raisonnables pour rechercher et "
        "retirer toutes les copies identiques connues.",
        # --- Copyright
        "work": "L'œuvre est la photographie reproduite aux adresses ci-dessous. {name} {authorship}.",
        "good_faith": "Nous pensons, de bonne foi, que l'utilisation du contenu de la manière dénoncée n'est "
        "autorisée ni par la personne titulaire du droit d'auteur, ni par son mandataire, ni par la loi.",
        "accuracy": "Les informations contenues dans la présente notification sont exactes et nous déclarons, sous "
        "peine des sanctions applicables au faux serment, que la partie plaignante est autorisée à agir au nom de la "
        "personne titulaire du droit exclusif auquel il serait porté atteinte.",
        # --- European Union
        "illegality": "L'image montre une personne reconnaissable et constitue une donnée à caractère personnel de "
        "cette personne. {consent} Nous n'avons connaissance d'aucune autre base juridique, au sens de l'article 6, "
        "paragraphe 1, du règlement (UE) 2016/679 (règlement général sur la protection des données, RGPD), pour sa "
        "publication, laquelle est illicite en l'absence d'une telle base.",
        "bona_fide": "Nous confirmons penser, de bonne foi, que les informations et les allégations contenues dans la "
        "présente notification sont exactes et complètes.",
        # --- Data protection
        "rights": "En application de l'article 17 et de l'article 21, paragraphe 1, {law}, nous vous demandons, pour "
        "{name}, d'effacer ces données à caractère personnel dans les meilleurs délais, et nous nous opposons à tout "
        "traitement ultérieur de ces données.",
        "limb": "{limb} en application de l'article 17, paragraphe 1, point c), étant donné que {name} s'oppose au "
        "traitement et que nous n'avons connaissance d'aucun motif légitime impérieux pour celui-ci.",
        "notify_others": "Nous vous prions de notifier l'effacement à chaque destinataire auquel les données ont été "
        "communiquées (article 19) et de prendre des mesures raisonnables pour informer de la présente demande les "
        "autres responsables qui traitent ces données (article 17, paragraphe 2).",
        "answer_time": "Nous vous prions de répondre dans les meilleurs délais et, en tout état de cause, dans un "
        "délai d'un mois à compter de la réception de la présente demande (article 12, paragraphe 3).",
        "rights_eu_rtbf": "En application de l'article 17 et de l'article 21, paragraphe 1, {law}, nous vous "
        "demandons, pour {name}, de supprimer ces adresses desdits résultats, et nous nous opposons à ce qu'elles y "
        "soient affichées (Cour de justice de l'Union européenne, C-131/12).",
        # --- The right to one's own image
        "law_cited_image_right": "{consent} La publication d'une image sur laquelle une personne est reconnaissable "
        "requiert le consentement de cette personne en vertu {law}.",
        "image_law": "La publication d'une image sur laquelle une personne est reconnaissable requiert en outre le "
        "consentement de cette personne en vertu {law}.",
        "exception": "Avant de vous écrire, nous avons examiné si une exception s'applique, telle que l'information du "
        "public ou un événement public, et nous n'en voyons aucune.",
        "commercial_use": "L'image est utilisée pour faire de la publicité ou pour vendre quelque chose.",
        "cease": "Nous vous demandons de retirer l'image, de ne plus l'y publier et de nous informer par retour de "
        "courrier lorsque cela aura été fait.",
        # --- No law
        "no_law_owner_request": "La présente est une demande concernant la propre image d'une personne\u00a0; "
        "aucune loi n'y est invoquée.",
        "request_owner_request": "Nous vous prions de bien vouloir retirer l'image, ou de nous indiquer pourquoi vous "
        "préféreriez ne pas le faire.",
        "not_me": "La personne figurant sur l'image déclare ne pas gérer ce profil et ne le faire gérer par personne "
        "pour son compte.",
        # --- Networks and search
        "forward": "D'après les informations dont nous disposons, votre réseau achemine ce contenu et il est possible "
        "qu'il ne le stocke pas. Nous vous prions de transmettre le présent signalement au prestataire qui l'héberge "
        "ainsi qu'à votre cliente ou votre client.",
        "identify_host": "Nous vous prions de nous indiquer le nom de l'hébergeur et l'endroit où celui-ci reçoit de "
        "tels signalements.",
        "query_or_url": "Nous vous prions de retirer de vos résultats de recherche les pages et les fichiers d'image "
        "situés à ces adresses.",
        "query_or_url_eu_rtbf": "La présente porte sur les résultats de recherches effectuées à partir du nom {name} "
        "qui conduisent aux adresses suivantes\u00a0:",
        "house_rules_search": "Il s'agit d'une demande fondée sur vos propres règles relatives aux résultats de "
        "recherche\u00a0; au-delà de celles-ci, nous n'invoquons aucune loi, et il ne s'agit pas d'une notification en "
        "matière de droit d'auteur.",
        # --- Further letters
        "first_letter": "Le {first_sent_on}, nous vous avons écrit sous la référence {reference} au sujet du contenu "
        "situé aux adresses ci-dessous.",
        "ask_again": "Lors de notre dernière vérification, il s'y trouvait toujours. Nous réitérons la demande "
        "formulée dans ce courrier et vous prions de nous faire part de votre décision par retour de courrier.",
        "retract": "Nous retirons intégralement la notification que nous vous avons adressée le {first_sent_on} sous "
        "la référence {reference}. Nous vous prions de la considérer comme n'ayant pas été envoyée\u00a0; nous ne "
        "formulons aucune réclamation au sujet du contenu situé aux adresses ci-dessous.",
        "restore": "Si vous avez retiré un contenu ou en avez rendu l'accès impossible en raison de cette "
        "notification, nous vous prions de le rétablir et de ne pas retenir la notification contre la personne qui l'y "
        "a mis.",
        "asked_us": "Vous nous avez posé une question au sujet de la notification que nous vous avons adressée le "
        "{first_sent_on} sous la référence {reference}.",
        "thank": "Nous vous remercions d'avoir donné suite à la notification que nous vous avons adressée le "
        "{first_sent_on} sous la référence {reference}. Le contenu n'est plus en ligne et, pour nous, l'affaire est "
        "close.",
    },
    consent={
        "never": "La personne figurant sur l'image déclare n'avoir jamais consenti à ce que celle-ci y soit publiée.",
        "withdrawn": "La personne figurant sur l'image avait consenti à ce que celle-ci y soit publiée et a retiré ce "
        "consentement.",
        "not_sure": "La personne figurant sur l'image ne souhaite pas que celle-ci y soit publiée.",
    },
    authorship={
        "me": "a pris cette photographie et est titulaire du droit d'auteur sur celle-ci",
        "someone_for_me": "est titulaire du droit d'auteur sur celle-ci en vertu d'une cession écrite",
    },
    limbs={
        "never": "Les données doivent être effacées en application de l'article 17, paragraphe 1, point d), car nous "
        "n'avons connaissance d'aucune base juridique pour leur publication, et",
        "withdrawn": "Les données doivent être effacées en application de l'article 17, paragraphe 1, point b), le "
        "consentement ayant été retiré, et",
        "not_sure": "Les données doivent être effacées",
    },
    laws={
        "gdpr": "du règlement (UE) 2016/679 (règlement général sur la protection des données, RGPD)",
        "uk_gdpr": "du règlement général sur la protection des données du Royaume-Uni (UK GDPR)",
        # After "en vertu", so with "de".
        "de": "des articles 22 et 23 de la loi allemande sur le droit d'auteur des arts figuratifs "
        "(Kunsturhebergesetz, KUG)",
        "fr": "de l'article 9 du code civil",
        "es": "de la loi organique espagnole 1/1982 (Ley Orgánica 1/1982)",
        "it": "des articles 96 et 97 de la loi italienne n°\u00a0633/1941 et de l'article 10 du code civil italien",
        "pl": "de l'article 81 de la loi polonaise du 4 février 1994 sur le droit d'auteur et les droits voisins",
    },
)
