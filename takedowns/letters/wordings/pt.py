"""Portuguese as written in Portugal, in words that are understood in Brazil.

The terms are those of the Portuguese texts of the GDPR and of Regulation (EU) 2022/2065.
"""

from takedowns.letters.wording import Wording

WORDING = Wording(
    language="pt",
    name="Portuguese",
    months=(
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
    date="{day} de {month} de {year}",
    titles={
        "take_it_down": "Urgente: imagem íntima publicada sem consentimento",
        "ncii_policy": "Urgente: imagem íntima, denúncia ao abrigo das vossas regras",
        "dmca_512c": "Notificação de alegada violação de direitos de autor, 17 U.S.C. 512(c)",
        "dsa_16": "Notificação de conteúdo ilegal, artigo 16.º do Regulamento (UE) 2022/2065",
        "gdpr_erasure": "Pedido de apagamento de dados e oposição, artigos 17.º e 21.º",
        "image_right": "Pedido de remoção de uma imagem: direito à imagem",
        "host_policy": "Denúncia de uma imagem publicada sem autorização",
        "owner_request": "Pedido de retirada de uma imagem",
        "impersonation": "Denúncia de um perfil que se faz passar por outra pessoa",
        "cdn_forward": "Denúncia para reencaminhar e pergunta sobre o alojamento",
        "search_explicit": "Remoção de resultados de pesquisa: imagem íntima",
        "eu_rtbf": "Pedido de desindexação de resultados relativos a um nome, artigos 17.º e 21.º",
        "reminder": "Lembrete",
        "retraction": "Retirada da nossa notificação",
        "info_answer": "Resposta à vossa pergunta",
        "thanks": "Agradecimento",
    },
    says={
        # --- In many letters
        "which_person": "A pessoa que representamos é aquela cujo rosto se encontra a cerca de {left} % da margem "
        "esquerda e a {top} % da margem superior da imagem.",
        "person": "A pessoa que representamos",
        "permission": "{consent}",
        "authority": "Atuamos em nome de {name}, com poderes conferidos por procuração assinada em {signed_on}, que "
        "está na nossa posse e que podemos apresentar.",
        "request": "Solicitamos que removam a imagem ou desativem o acesso à mesma, ou que assegurem que o vosso "
        "cliente o faça.",
        "request_profile": "Solicitamos que analisem o perfil à luz das vossas regras e que removam o perfil ou a "
        "imagem.",
        "no_law": "A presente é uma denúncia ao abrigo das vossas próprias regras: para além destas, não é invocada "
        "qualquer lei, e não se trata de uma notificação por violação de direitos de autor.",
        "house_rules": "A presente é uma denúncia ao abrigo das vossas próprias regras: para além destas, não é "
        "invocada qualquer lei, e não se trata de uma notificação por violação de direitos de autor.",
        # --- Intimate pictures
        "no_consent": "A pessoa retratada está convicta, de boa-fé, de que a publicação desta imagem íntima não é "
        "consentida: declara que nunca concordou com a sua publicação.",
        "identical_copies": "Solicitamos igualmente que envidem esforços razoáveis para encontrar e remover todas as "
        "cópias idênticas conhecidas.",
        # --- Copyright
        "work": "A obra é a fotografia apresentada nos endereços abaixo indicados. {name} {authorship}.",
        "good_faith": "Temos a convicção, de boa-fé, de que a utilização do material na forma denunciada não está "
        "autorizada por quem é titular dos direitos de autor, por quem o representa ou pela lei.",
        "accuracy": "As informações constantes da presente notificação são exatas e, sob as penas previstas para as "
        "falsas declarações, a parte que apresenta a notificação está autorizada a agir em nome de quem é titular do "
        "direito exclusivo alegadamente violado.",
        # --- European Union
        "illegality": "A imagem mostra uma pessoa reconhecível e constitui um dado pessoal dessa pessoa. {consent} Não "
        "temos conhecimento de qualquer outro fundamento jurídico para a publicação da imagem nos termos do artigo "
        "6.º, n.º 1, do Regulamento (UE) 2016/679 (Regulamento Geral sobre a Proteção de Dados, RGPD), e sem "
        "fundamento jurídico a sua publicação é ilícita.",
        "bona_fide": "Confirmamos que temos a convicção, de boa-fé, de que as informações e alegações contidas na "
        "presente notificação são exatas e completas.",
        # --- Data protection
        "rights": "Nos termos do artigo 17.º e do artigo 21.º, n.º 1, {law}, solicitamos, em nome de {name}, o "
        "apagamento destes dados pessoais sem demora injustificada e opomo-nos a qualquer tratamento posterior dos "
        "mesmos.",
        "limb": "{limb} nos termos do artigo 17.º, n.º 1, alínea c), uma vez que {name} se opõe ao tratamento e não "
        "temos conhecimento de interesses legítimos prevalecentes que o justifiquem.",
        "notify_others": "Solicitamos que comuniquem o apagamento a cada destinatário a quem os dados tenham sido "
        "transmitidos (artigo 19.º) e que tomem as medidas que forem razoáveis para informar do presente pedido outras "
        "entidades que tratem os dados (artigo 17.º, n.º 2).",
        "answer_time": "Solicitamos uma resposta sem demora injustificada e, o mais tardar, no prazo de um mês a "
        "contar da data de receção do presente pedido (artigo 12.º, n.º 3).",
        "rights_eu_rtbf": "Nos termos do artigo 17.º e do artigo 21.º, n.º 1, {law}, solicitamos, em nome de {name}, a "
        "remoção destes endereços desses resultados e opomo-nos a que neles sejam apresentados (Tribunal de Justiça, "
        "C-131/12).",
        # --- The right to one's own image
        "law_cited_image_right": "{consent} A publicação de uma imagem em que uma pessoa é reconhecível carece do "
        "consentimento dessa pessoa, nos termos {law}.",
        "image_law": "A publicação de uma imagem em que uma pessoa é reconhecível carece também do consentimento dessa "
        "pessoa, nos termos {law}.",
        "exception": "Antes do envio da presente carta, ponderámos se é aplicável alguma exceção, como a cobertura "
        "noticiosa ou um acontecimento público, e não identificámos nenhuma.",
        "commercial_use": "A imagem é utilizada para fazer publicidade a algo ou para vender algo.",
        "cease": "Solicitamos que retirem a imagem, que não voltem a publicá-la nesse local e que nos informem, em "
        "resposta, quando o tiverem feito.",
        # --- No law
        "no_law_owner_request": "O presente pedido diz respeito à imagem da própria pessoa: não é nele invocada "
        "qualquer lei.",
        "request_owner_request": "Pedimos que retirem a imagem ou que nos digam por que razão preferem não o fazer.",
        "not_me": "A pessoa retratada declara que não gere este perfil nem o faz gerir por outrem em seu nome.",
        # --- Networks and search
        "forward": "Tanto quanto sabemos, este material é transmitido através da vossa rede e poderá não estar nela "
        "armazenado. Solicitamos que reencaminhem a presente denúncia ao fornecedor de alojamento virtual (hospedagem) "
        "que o armazena e ao vosso cliente.",
        "identify_host": "Solicitamos que nos indiquem o nome do fornecedor de alojamento virtual e onde recebe este "
        "tipo de denúncias.",
        "query_or_url": "Solicitamos que removam dos vossos resultados de pesquisa as páginas e os ficheiros de imagem "
        "que se encontram nestes endereços.",
        "query_or_url_eu_rtbf": "Estão em causa os resultados das pesquisas pelo nome {name} que conduzem aos "
        "seguintes endereços:",
        "house_rules_search": "O presente é um pedido ao abrigo das vossas próprias regras relativas aos resultados de "
        "pesquisa: para além destas, não é invocada qualquer lei, e não se trata de uma notificação por violação de "
        "direitos de autor.",
        # --- Further letters
        "first_letter": "Em {first_sent_on}, escrevemos a V. Exas. com a referência {reference} a propósito do "
        "material que se encontra nos endereços abaixo indicados.",
        "ask_again": "Quando o verificámos pela última vez, o material ainda lá se encontrava. Solicitamos novamente o "
        "que foi pedido nessa carta, bem como uma resposta em que nos comuniquem a vossa decisão.",
        "retract": "Retiramos, na íntegra, a notificação que enviámos a V. Exas. em {first_sent_on} com a referência "
        "{reference}. Solicitamos que a considerem como não enviada: não formulamos qualquer pretensão sobre o "
        "material que se encontra nos endereços abaixo indicados.",
        "restore": "Se removeram algum conteúdo ou desativaram o acesso a algum conteúdo por causa dessa notificação, "
        "solicitamos que o reponham e que a notificação não prejudique quem ali colocou o material.",
        "asked_us": "V. Exas. colocaram-nos uma questão sobre a notificação que enviámos em {first_sent_on} com a "
        "referência {reference}.",
        "thank": "Agradecemos o tratamento dado à notificação que enviámos a V. Exas. em {first_sent_on} com a "
        "referência {reference}. O material já não se encontra disponível e, pela nossa parte, o assunto está "
        "encerrado.",
    },
    consent={
        "never": "A pessoa retratada declara que nunca concordou com a publicação da imagem nesse local.",
        "withdrawn": "A pessoa retratada concordou em tempos com a publicação da imagem nesse local e retirou esse "
        "consentimento.",
        "not_sure": "A pessoa retratada não quer que a imagem esteja publicada nesse local.",
    },
    authorship={
        "me": "tirou essa fotografia e é titular dos respetivos direitos de autor",
        "someone_for_me": "é titular dos respetivos direitos de autor por cessão escrita",
    },
    limbs={
        "never": "Os dados devem ser apagados nos termos do artigo 17.º, n.º 1, alínea d), uma vez que não temos "
        "conhecimento de qualquer fundamento jurídico para a sua publicação, e também",
        "withdrawn": "Os dados devem ser apagados nos termos do artigo 17.º, n.º 1, alínea b), uma vez que o "
        "consentimento foi retirado, e também",
        "not_sure": "Os dados devem ser apagados",
    },
    laws={
        "gdpr": "do Regulamento (UE) 2016/679 (Regulamento Geral sobre a Proteção de Dados, RGPD)",
        "uk_gdpr": "do Regulamento Geral sobre a Proteção de Dados do Reino Unido (UK GDPR)",
        # After "nos termos", so with the preposition.
        "de": "dos §§ 22 e 23 da lei alemã Kunsturhebergesetz (KUG)",
        "fr": "do artigo 9.º do Código Civil francês (Code civil)",
        "es": "da Lei Orgânica espanhola 1/1982 (Ley Orgánica 1/1982)",
        "it": "dos artigos 96.º e 97.º da Lei italiana n.º 633/1941 e do artigo 10.º do Código Civil italiano (Codice "
        "civile)",
        "pl": "do artigo 81.º da Lei polaca de 4 de fevereiro de 1994 relativa aos direitos de autor e direitos "
        "conexos",
    },
)
