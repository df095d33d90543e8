"""What operators write, in eight languages: the words that tell a removal from a refusal from a question. Pure.

Patterns are tried on one sentence at a time, which is in lower case, without line breaks and of a bounded length. What
stands between two words is bounded, too: the time grows with the length of a text, and not with the square of it.
A pattern says what a sentence means only if no hedge of the same language is in it: "it has been removed" is an answer,
"once it has been removed" is none.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tongue:
    """The words of one language. `unsure` takes the meaning from `complied`, `given` from `refused`."""

    complied: re.Pattern[str]
    unsure: re.Pattern[str]
    refused: re.Pattern[str]
    given: re.Pattern[str]
    question: re.Pattern[str]
    receipt: re.Pattern[str]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?:{pattern})" for pattern in patterns))


def _words(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b")


# The month is no hedge.
_MAY = r"(?<!\d )(?<!\d\. )(?<!\dth )(?<!\dst )may(?! \d)"

_EN = Tongue(
    complied=_any(
        r"\b(?:has|have) (?:\w+ ){0,2}been (?:\w+ )?(?:removed|taken (?:down|offline)|deleted|disabled|blocked"
        r"|suspended|terminated|delisted|de-?indexed)\b",
        r"\b(?:we|i|our (?:team|client|customer)|the (?:customer|client|user|owner|webmaster))(?:'ve| have| has)?"
        r"(?: (?:now|already|since))? (?:removed|deleted|taken down|took down|disabled|suspended|blocked"
        r"|unpublished)\b",
        r"\b(?:is|are) (?:now )?(?:no longer (?:available|accessible|online|hosted|live)|offline|removed|deleted)\b",
        r"\b(?:was|were) (?:removed|taken down|deleted|disabled|suspended)\b",
    ),
    unsure=_words(
        rf"not|\w+n't|never|if|once|when|whenever|unless|until|should|would|could|{_MAY}|might|whether|will|shall|cannot"
        r"|by (?:you|the court)|your (?:ticket|request|message|notice|account)"
    ),
    refused=_any(
        r"\b(?:we|i)(?:'re| are| am)? (?:cannot|can't|can not|unable to|not able to|will not|won't|do not|don't"
        r"|decline to|refuse to|have decided not to)(?: be)?(?: (?:able|going|required|obliged) to)?(?: \w+)?"
        r" (?:remov|tak\w+ (?:\w+ ){0,3}down|tak\w+ (?:any |further |no )?action|delet|disabl|comply|act on|honou?r"
        r"|process)",
        r"\b(?:does|do|did) not (?:\w+ )?(?:violate|breach|infringe|contravene)\b",
        r"\b(?:found|find|determined|see) (?:that there (?:is|was) )?no (?:violation|breach|infringement|grounds"
        r"|basis)\b",
        r"\b(?:request|notice|complaint|report|claim) (?:has been|was|is|is hereby) (?:rejected|denied|declined|refused"
        r"|dismissed)\b",
        r"\b(?:reject|decline|refuse|deny|rejected|declined|denied) (?:your|this|the) (?:\w+ )?(?:request|notice"
        r"|complaint|claim|report)\b",
        r"\bno (?:further )?action (?:will be|is being|is) taken\b",
        r"\bwill (?:not be (?:removed|taken down|deleted)|remain (?:online|available|up|accessible))\b",
        r"\bwill not be taking (?:any |further )?action\b",
    ),
    given=_words(rf"if|unless|until|without|please|should you|in case|whether|{_MAY}|might|could|incomplete|missing"),
    question=_any(
        r"\bplease (?:also |kindly )?(?:provide|send|supply|submit|confirm|clarify|specify|attach|forward|share"
        r"|complete|fill|verify|state|resend|use)\b",
        r"\b(?:we|i) (?:will |would |do |also |still |'ll )?(?:need|require) (?:more|further|additional|a copy|proof"
        r"|evidence|some|you to|your|the following)\b",
        r"\b(?:could|can|would) you (?:please |kindly )?(?:provide|send|confirm|clarify|specify|tell|supply|share"
        r"|resend|attach)\b",
        r"\b(?:additional|further|more) (?:information|details|documentation) (?:is|are) (?:needed|required"
        r"|necessary)\b",
        r"\b(?:notice|request|complaint|report) is (?:incomplete|missing)\b",
        r"\b(?:fill|complete|submit|use)\b.{0,40}\bform\b",
        r"\bproof of (?:your )?(?:identity|ownership|authority|authori[sz]ation)\b",
    ),
    receipt=_any(
        r"\b(?:received|registered|recorded|logged) your\b",
        r"\byour\b.{0,40}\b(?:has been|was|is) (?:received|registered|logged|created|opened|assigned)\b",
        r"\bthank(?:s| you) for (?:contacting|reaching|writing|your (?:message|report|e-?mail|notice|request|mail))\b",
        r"\bticket (?:#|number|id\b|has been)",
        r"\back?nowledg\w+ receipt\b",
        r"\b(?:is|are) (?:being|currently being|under) (?:review\w*|process\w*|investigat\w*)\b",
    ),
)
_DE = Tongue(
    complied=_any(
        r"\b(?:wurden?|haben|ist|sind|hat)\b.{0,80}\b(?:entfernt|gelöscht|gesperrt|deaktiviert|offline)\b",
        r"\b(?:ist|sind) nicht mehr (?:verfügbar|abrufbar|erreichbar|online)\b",
    ),
    unsure=_words(r"nicht(?! mehr)|keine?n?|wenn|falls|sobald|sofern|werden|wird|würden?|könnten?|ob|bis|ohne"),
    refused=_any(
        r"\b(?:können|werden|kann|wird)\b.{0,60}\bnicht\b.{0,60}(?:entfern|lösch|sperr|nachkommen|entsprechen"
        r"|entsprochen|bearbeit|tätig)",
        r"\b(?:lehnen|weisen)\b.{0,60}\b(?:ab|zurück)\b",
        r"\b(?:abgelehnt|zurückgewiesen)\b",
        r"\bkeinen? (?:verstoss|rechtsverletzung|verletzung|rechtsverstoss)\b",
    ),
    given=_words(r"wenn|falls|sofern|ohne|bitte|solange|bevor|könnten?|ob"),
    question=_any(
        r"\b(?:bitte|bitten|könnten sie|können sie)\b.{0,60}\b(?:sende\w*|übersende\w*|übermittel\w*|mitteilen"
        r"|mitzuteilen|teilen|nennen|schicken|angeben|anzugeben|geben|vorlegen|bestätigen|ausfüllen|nutzen|verwenden"
        r"|ergänzen)\b",
        r"\bbenötigen\b.{0,60}\b(?:informationen|angaben|nachweis\w*|kopie|vollmacht|unterlagen|sie|ihre?n?)\b",
        r"\b(?:weitere|zusätzliche|nähere) (?:informationen|angaben|unterlagen)\b",
        r"\bkopie (?:ihres|des) (?:personal)?ausweises\b",
    ),
    receipt=_any(
        r"\bhaben (?:wir )?ihre?n?\b.{0,40}\b(?:erhalten|empfangen)\b",
        r"\b(?:eingangsbestätigung|ticketnummer|vorgangsnummer)\b",
        r"\bvielen dank für ihre?\b",
        r"\bwird (?:derzeit |nun )?(?:geprüft|bearbeitet)\b",
    ),
)
_FR = Tongue(
    complied=_any(
        r"\b(?:a|ont|avons|est|sont)\b.{0,60}\b(?:supprimé|retiré|désactivé|bloqué|effacé)e?s?\b",
        r"\bn'(?:est|sont) plus (?:accessibles?|disponibles?|en ligne)\b",
    ),
    unsure=_words(r"pas|si|s'il|lorsque|lorsqu'\w+|quand|dès|sera|seront|serait|seraient|pourrai\w*|sauf|pourr\w+"),
    refused=_any(
        r"\bne (?:pouvons|pourrons|peut|sommes|donnerons|souhaitons)\b.{0,40}\b(?:pas|aucune)\b.{0,80}(?:supprim|retir"
        r"|donner|suite|trait|accéder|mesure|interven)",
        r"\b(?:demande|notification|requête|plainte|réclamation)\b.{0,40}\b(?:rejetée|refusée|déclinée)\b",
        r"\b(?:rejetons|refusons)\b",
        r"\bn'enfrei\w+ pas\b",
        r"\bne (?:constitue|viole)\w* (?:pas|aucune)\b",
    ),
    given=_words(r"si|s'il|sans|veuillez|merci de|tant que|sauf|avant|pourrai\w*"),
    question=_any(
        r"\b(?:veuillez|merci de|pourriez-vous|pouvez-vous|vous prions de)\b.{0,40}\b(?:fournir|envoyer|transmettre"
        r"|préciser|indiquer|confirmer|joindre|compléter|remplir|communiquer|utiliser)\b",
        r"\b(?:informations|renseignements|précisions|documents) (?:complémentaires|supplémentaires)\b",
        r"\b(?:copie|justificatif|pièce) d(?:'|e (?:votre )?)(?:identité|pièce)",
        r"\bavons besoin\b",
    ),
    receipt=_any(
        r"\bavons bien reçu\b",
        r"\baccus(?:é|ons) (?:de )?réception\b",
        r"\bvotre (?:demande|message|signalement)\b.{0,40}\b(?:enregistrée?|reçue?|prise? en compte)\b",
        r"\bnuméro de (?:ticket|dossier)\b",
        r"\bmerci (?:de nous avoir|pour votre)\b",
    ),
)
_ES = Tongue(
    complied=_any(
        r"\b(?:ha|han|hemos|fue|fueron|está|están)\b.{0,60}\b(?:eliminad|retirad|borrad|desactivad|bloquead"
        r"|suprimid)[oa]s?\b",
        r"\bya no (?:está|están|se encuentran?) (?:disponibles?|accesibles?|en línea)\b",
    ),
    unsure=_words(r"(?<!ya )no|si|cuando|una vez|será|serán|sería|podrían?|hasta|salvo|aún"),
    refused=_any(
        r"\bno (?:podemos|vamos a|es posible|procederemos|podremos|se puede)\b.{0,60}(?:elimin|retir|borr|atend|tramit"
        r"|actu|proced)",
        r"\b(?:solicitud|petición|notificación|denuncia|reclamación)\b.{0,40}\b(?:rechazada|denegada|desestimada)\b",
        r"\b(?:rechazamos|denegamos)\b",
        r"\bno (?:infringe|vulnera|viola|incumple)n?\b",
    ),
    given=_words(r"si|sin|hasta|por favor|salvo|mientras|podrían?"),
    question=_any(
        r"\b(?:por favor|rogamos|pedimos|podría|puede|necesitamos|agradeceríamos)\b.{0,40}\b(?:envíe\w*|envi\w+"
        r"|proporcion\w+|facilit\w+|indique\w*|indicar\w*|confirm\w+|adjunt\w+|aport\w+|complet\w+|rellen\w+"
        r"|utilice|utilizar)\b",
        r"\b(?:información|documentación|datos) (?:adicional|complementari)\w*\b",
        r"\bcopia de(?:l| su) (?:dni|documento|pasaporte)\b",
    ),
    receipt=_any(
        r"\b(?:hemos recibido|recibimos) su\b",
        r"\bsu\b.{0,40}\b(?:ha sido|fue) (?:recibid|registrad)[oa]\b",
        r"\bacuse de recibo\b",
        r"\bgracias por (?:contactar\w*|su|ponerse)\b",
        r"\bnúmero de (?:ticket|caso|incidencia)\b",
    ),
)
_IT = Tongue(
    complied=_any(
        r"\b(?:è|sono|abbiamo|risulta|risultano)\b.{0,60}\b(?:rimoss|cancellat|eliminat|disattivat|oscurat"
        r"|bloccat)[oaei]\b",
        r"\bnon (?:è|sono) più (?:disponibil|accessibil|raggiungibil|online)",
    ),
    unsure=_words(r"non(?! (?:è|sono) più)|se|quando|una volta|sarà|saranno|verrà|verranno|potrebbe\w*|finché|qualora"),
    refused=_any(
        r"\bnon (?:possiamo|potremo|è possibile|intendiamo|procederemo|siamo in grado)\b.{0,60}(?:rimuov|rimoz|cancell"
        r"|elimin|seguito|accogli|proced|elabor|interven)",
        r"\b(?:richiesta|segnalazione|reclamo|istanza)\b.{0,40}\b(?:respint|rifiutat|rigettat)[oa]\b",
        r"\b(?:respingiamo|rifiutiamo|rigettiamo)\b",
        r"\bnon (?:viola|violano|costituisce)\b",
    ),
    given=_words(r"se|senza|finché|qualora|prega|preghiamo|potrebbe\w*"),
    question=_any(
        r"\b(?:preghiamo|prega|può|potrebbe|voglia|gentilmente|cortesemente)\b.{0,40}\b(?:fornir|inviar|indicar"
        r"|specificar|confermar|allegar|compilar|utilizzar|trasmetter)\w*",
        r"\b(?:ulteriori|maggiori) (?:informazioni|dettagli|chiarimenti)\b",
        r"\bcopia del (?:suo )?documento\b",
        r"\babbiamo bisogno\b",
    ),
    receipt=_any(
        r"\babbiamo ricevuto (?:la|il)\b",
        r"\bè stat[oa] (?:ricevut|registrat)[oa]\b",
        r"\b(?:la ringraziamo|grazie) per\b",
        r"\bnumero (?:di )?(?:ticket|pratica)\b",
        r"\bpres[oa] in carico\b",
    ),
)
_PL = Tongue(
    complied=_any(
        r"\bzostał\w*\b.{0,60}\b(?:usunięt|skasowan|zablokowan|wyłączon)\w*",
        r"\b(?:usunęliśmy|zablokowaliśmy|skasowaliśmy|usunęłam|usunąłem)\b",
        r"\bnie (?:jest|są) już dostępn\w*",
    ),
    unsure=_words(r"nie(?! (?:jest|są) już)|jeśli|jeżeli|gdy|kiedy|będzie|zostanie|zostaną|czy|dopóki"),
    refused=_any(
        r"\bnie (?:możemy|możliwe|jesteśmy w stanie)\b.{0,60}(?:usun|spełni|rozpatrz|podj|zablok)",
        r"\bnie (?:usuniemy|podejmiemy|zablokujemy)\b",
        r"\b(?:odrzucamy|odmawiamy)\b",
        r"\b(?:odrzucon|oddalon)\w*\b",
        r"\bnie narusza\w*\b",
    ),
    given=_words(r"jeśli|jeżeli|bez|dopóki|prosimy|proszę|czy"),
    question=_any(
        r"\b(?:prosimy|proszę|czy mog\w+)\b.{0,40}\b(?:przesł|przesył|podani|podać|dostarcz|potwierdz|wskaz|uzupełni"
        r"|wypełni|dołącz|skorzyst|wyjaśni)\w*",
        r"\b(?:dodatkow|szczegółow)\w+ (?:informacj|dan|dokument)\w*",
        r"\bpotrzebujemy\b",
        r"\bkopi\w+ dowodu\b",
    ),
    receipt=_any(
        r"\b(?:otrzymaliśmy|zarejestrowaliśmy|przyjęliśmy)\b",
        r"\bzgłoszenie\b.{0,40}\b(?:przyjęte|zarejestrowane)\b",
        r"\bpotwierdzamy (?:otrzymanie|przyjęcie)\b",
        r"\bdziękujemy za\b",
        r"\bnumer (?:zgłoszenia|sprawy)\b",
    ),
)
_PT = Tongue(
    complied=_any(
        r"\b(?:foi|foram|está|estão)\b.{0,60}\b(?:removid|eliminad|retirad|apagad|desativad|bloquead)[oa]s?\b",
        r"\b(?:removemos|elimin[áa]mos|retir[áa]mos|apag[áa]mos|bloque[áa]mos)\b",
        r"\bjá não (?:está|estão) (?:disponíve|acessíve|online)",
    ),
    unsure=_words(r"(?<!já )não|se|quando|assim que|será|serão|seria|poderá|poderia|até|caso"),
    refused=_any(
        r"\bnão (?:podemos|poderemos|é possível|iremos|vamos)\b.{0,60}(?:remov|elimin|retir|apag|atend|process"
        r"|seguimento)",
        r"\b(?:pedido|notificação|solicitação|reclamação|denúncia)\b.{0,40}\b(?:rejeitad|recusad|indeferid)[oa]\b",
        r"\b(?:rejeitamos|recusamos)\b",
        r"\bnão (?:viola|infringe|constitui)\b",
    ),
    given=_words(r"se|sem|até|por favor|enquanto|caso|poderia"),
    question=_any(
        r"\b(?:por favor|solicitamos|pedimos|queira|poderia|pode|agradecemos)\b.{0,40}\b(?:envi|forne|indique|indicar"
        r"|confirm|anex|preench|esclare|utiliz)\w*",
        r"\b(?:informações|informação|documentos|dados) adicionais\b",
        r"\bprecisamos\b",
        r"\bcópia do (?:seu )?(?:documento|cartão)\b",
    ),
    receipt=_any(
        r"\b(?:recebemos|regist[áa]mos) (?:a sua|o seu|sua|seu)\b",
        r"\b(?:foi|foram) (?:recebid|registad|registrad)[oa]s?\b",
        r"\bobrigad[oa] (?:por|pelo|pela)\b",
        r"\bnúmero (?:do |de )?(?:ticket|pedido|processo|protocolo)\b",
    ),
)
_NL = Tongue(
    complied=_any(
        r"\b(?:is|zijn|hebben|heeft|werd|werden)\b.{0,80}\b(?:verwijderd|offline gehaald|gewist|geblokkeerd"
        r"|uitgeschakeld)\b",
        r"\b(?:is|zijn) niet (?:meer|langer) (?:beschikbaar|bereikbaar|online|toegankelijk)\b",
    ),
    unsure=_words(
        r"niet(?! (?:meer|langer))|geen|als|indien|wanneer|zodra|zal|zullen|zou|kunnen|wordt|worden|tenzij|totdat"
    ),
    refused=_any(
        r"\b(?:kunnen|zullen|gaan|kan|zal)\b.{0,60}\bniet\b.{0,60}(?:verwijder|voldoen|inwillig|behandel|gevolg|blokke"
        r"|ingaan)",
        r"\b(?:verzoek|melding|klacht)\b.{0,40}\b(?:afgewezen|geweigerd)\b",
        r"\bwijzen\b.{0,60}\baf\b",
        r"\bgeen (?:inbreuk|overtreding|schending)\b",
    ),
    given=_words(r"als|indien|tenzij|zonder|totdat|gelieve|zou"),
    question=_any(
        r"\b(?:gelieve|graag|wilt u|kunt u|zou u|verzoeken)\b.{0,60}\b(?:stur|stuur|opstur|verstrek|bevestig|aangeven"
        r"|geven|toelicht|invul|aanlever|gebruik)\w*",
        r"\b(?:aanvullende|nadere) (?:informatie|gegevens)\b",
        r"\bkopie van uw (?:id|identiteit\w*|paspoort)\b",
    ),
    receipt=_any(
        r"\b(?:hebben|heeft) (?:wij |we )?uw\b.{0,40}\bontvangen\b",
        r"\b(?:ontvangstbevestiging|ticketnummer|zaaknummer|meldingsnummer)\b",
        r"\bbedankt voor uw\b",
        r"\bin behandeling genomen\b",
        r"\bwordt (?:momenteel )?(?:behandeld|onderzocht|beoordeeld)\b",
    ),
)
TONGUES = (_EN, _DE, _FR, _ES, _IT, _PL, _PT, _NL)

# Sentences that ask for nothing, although they sound as if they did.
IDLE = _any(
    r"\b(?:reply|respond|answer)(?:ing)? (?:above|below|to this)\b",
    r"\b(?:do|please) not reply\b",
    r"\b(?:ticket|reference|case) (?:number|id|no)\b",
    r"\b(?:any|further|other|more) (?:questions|concerns)\b",
    r"\b(?:future correspondence|hesitate|survey|feedback|rate (?:our|this|your))\b",
    r"\b(?:nicht (?:auf diese|zu antworten)|ne pas répondre|no responda|non rispondere|nie odpowiada\w*|não responda"
    r"|niet (?:te )?(?:beantwoorden|antwoorden))\b",
)
# Somebody is away, or a machine says that it is one.
AWAY = _any(
    r"\bout of (?:the )?office\b",
    r"\bauto(?:matic|mated|mated)?[ -]?(?:reply|response|answer)\b",
    r"\bon (?:vacation|holiday|annual leave|parental leave)\b",
    r"\b(?:abwesenheit\w*|automatische antwort|nicht im büro)\b",
    r"\b(?:réponse automatique|absen(?:t|te|ce) du bureau)\b",
    r"\b(?:respuesta automática|fuera de la oficina)\b",
    r"\b(?:risposta automatica|fuori (?:sede|ufficio))\b",
    r"\b(?:automatyczna odpowiedź|poza biurem)\b",
    r"\b(?:resposta automática|fora do escritório)\b",
    r"\b(?:automatisch antwoord|afwezig\w*|niet op kantoor)\b",
)
COUNTER = _any(
    r"\bcounter[ -]?(?:notice|notification)",
    r"512 ?\(g\)",
    r"\bcontre[ -]notification",
    r"\bcontranotifica",
    r"\bcontro[ -]?notifica",
    r"\bgegen(?:darstellung|mitteilung|anzeige)\b",
    r"\bkontrnotyfikacj",
    r"\btegenkennisgeving",
)
# That there is one, and not only what would happen if there were.
HAS_COME = _words(
    r"received|enclosed|attached|forward\w*|below|following|submitted|filed|sent|this is|hereby|copy of"
    r"|erhalten|anbei|folgende|reçue?|ci-joint\w*|recibido|adjunt\w+|ricevut\w+|allegat\w+|otrzyma\w+|recebe\w+|anexo"
    r"|ontvangen|bijgevoegd\w*"
)
SUPPOSED = _words(rf"if|should|when|whenever|once|can|{_MAY}|might|unless|how to|wenn|falls|si|se|jeśli|als|indien")

# The line above what is quoted of the letter that is answered.
QUOTED_BELOW = _any(
    r"^on\b.{4,200}\bwrote:?$",
    r"^am\b.{4,200}\bschrieb\b.{0,200}:?$",
    r"^le\b.{4,200}\ba écrit\b.{0,5}$",
    r"^el\b.{4,200}\bescribió:?$",
    r"^il\b.{4,200}\bha scritto:?$",
    r"^(?:w dniu|dnia)\b.{4,200}\bnapisał\w*(?:\(a\))?:?$",
    r"^em\b.{4,200}\bescreveu:?$",
    r"^op\b.{4,200}\b(?:schreef|geschreven)\b.{0,200}:?$",
    r"^-{2,} ?(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale"
    r"|wiadomość oryginalna|mensagem original|oorspronkelijk bericht) ?-{2,}$",
    r"^_{10,}$",
)
