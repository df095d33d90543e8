"""Dutch. The terms are those of the Dutch texts of the GDPR and of Regulation (EU) 2022/2065."""

from takedowns.letters.wording import Wording

WORDING = Wording(
    language="nl",
    name="Dutch",
    months=(
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ),
    date="{day} {month} {year}",
    titles={
        "take_it_down": "Dringend: intieme afbeelding zonder toestemming gepubliceerd",
        "ncii_policy": "Dringend: intieme afbeelding, melding op grond van uw regels",
        "dmca_512c": "Kennisgeving van vermeende auteursrechtinbreuk, 17 U.S.C. 512(c)",
        "dsa_16": "Kennisgeving van illegale inhoud, artikel 16 van Verordening (EU) 2022/2065",
        "gdpr_erasure": "Verzoek om wissing van gegevens en bezwaar, artikelen 17 en 21",
        "image_right": "Verzoek tot verwijdering van een afbeelding: portretrecht (recht op afbeelding)",
        "host_policy": "Melding van een zonder toestemming gepubliceerde afbeelding",
        "owner_request": "Verzoek om een afbeelding te verwijderen",
        "impersonation": "Melding van een profiel dat zich voordoet als iemand anders",
        "cdn_forward": "Melding om door te sturen en een vraag over de hostingaanbieder",
        "search_explicit": "Verwijdering uit zoekresultaten: intieme afbeelding",
        "eu_rtbf": "Verzoek om verwijdering van zoekresultaten op naam, artikelen 17 en 21",
        "reminder": "Herinnering",
        "retraction": "Intrekking van onze kennisgeving",
        "info_answer": "Antwoord op uw vraag",
        "thanks": "Dank",
    },
    says={
        # --- In many letters
        "which_person": "De persoon namens wie wij optreden, is degene van wie het gezicht zich op ongeveer {left}% "
        "vanaf de linkerrand en {top}% vanaf de bovenrand van de afbeelding bevindt.",
        "person": "De persoon namens wie wij optreden,",
        "permission": "{consent}",
        "authority": "Wij treden op namens {name} op grond van een op {signed_on} ondertekende volmacht, die in ons "
        "bezit is en die wij u kunnen tonen.",
        "request": "Wij verzoeken u de afbeelding te verwijderen of de toegang ertoe onmogelijk te maken, of ervoor te "
        "zorgen dat uw klant dit doet.",
        "request_profile": "Wij verzoeken u het profiel aan uw regels te toetsen en het profiel of de afbeelding te "
        "verwijderen.",
        "no_law": "Dit is een melding op grond van uw eigen regels: daarbuiten wordt geen beroep gedaan op enige wet, "
        "en het is geen kennisgeving van auteursrechtinbreuk.",
        "house_rules": "Dit is een melding op grond van uw eigen regels: daarbuiten wordt geen beroep gedaan op enige "
        "wet, en het is geen kennisgeving van auteursrechtinbreuk.",
        # --- Intimate pictures
        "no_consent": "De afgebeelde persoon is er te goeder trouw van overtuigd dat deze intieme afbeelding zonder "
        "toestemming is gepubliceerd en verklaart nooit met de publicatie ervan te hebben ingestemd.",
        "identical_copies": "Wij verzoeken u tevens redelijke inspanningen te leveren om alle bekende identieke "
        "kopieën op te sporen en te verwijderen.",
        # --- Copyright
        "work": "Het werk is de foto die op de onderstaande adressen wordt getoond. {name} {authorship}.",
        "good_faith": "Wij zijn er te goeder trouw van overtuigd dat het gebruik van het materiaal op de wijze "
        "waarover wordt geklaagd, niet is toegestaan door de auteursrechthebbende, diens vertegenwoordiger of de wet.",
        "accuracy": "De informatie in deze kennisgeving is juist en wij verklaren, op straffe van meineed, dat de "
        "klagende partij bevoegd is op te treden namens de houder van een exclusief recht waarop inbreuk zou zijn "
        "gemaakt.",
        # --- European Union
        "illegality": "De afbeelding toont een herkenbare persoon en is een persoonsgegeven van die persoon. {consent} "
        "Wij kennen geen andere rechtsgrond voor de publicatie ervan op grond van artikel 6, lid 1, van Verordening "
        "(EU) 2016/679 (algemene verordening gegevensbescherming, AVG), en zonder rechtsgrond is de publicatie "
        "onrechtmatig.",
        "bona_fide": "Wij bevestigen dat wij er te goeder trouw van overtuigd zijn dat de informatie en beweringen in "
        "deze kennisgeving juist en volledig zijn.",
        # --- Data protection
        "rights": "Op grond van artikel 17 en artikel 21, lid 1, {law} verzoeken wij u namens {name} deze "
        "persoonsgegevens zonder onredelijke vertraging te wissen en maken wij bezwaar tegen elke verdere verwerking "
        "ervan.",
        "limb": "{limb} op grond van artikel 17, lid 1, onder c), aangezien {name} bezwaar maakt en wij geen "
        "prevalerende gerechtvaardigde gronden voor de verwerking kennen.",
        "notify_others": "Wij verzoeken u iedere ontvanger aan wie de gegevens zijn verstrekt, van de wissing in "
        "kennis te stellen (artikel 19) en redelijke maatregelen te nemen om anderen die de gegevens verwerken, van "
        "dit verzoek op de hoogte te stellen (artikel 17, lid 2).",
        "answer_time": "Wij verzoeken u onverwijld en in ieder geval binnen een maand na ontvangst van dit verzoek te "
        "antwoorden (artikel 12, lid 3).",
        "rights_eu_rtbf": "Op grond van artikel 17 en artikel 21, lid 1, {law} verzoeken wij u namens {name} deze "
        "adressen uit die resultaten te verwijderen en maken wij bezwaar tegen de weergave ervan in die resultaten "
        "(Hof van Justitie, C-131/12).",
        # --- The right to one's own image
        "law_cited_image_right": "{consent} Voor de publicatie van een afbeelding waarop een persoon herkenbaar is, is "
        "op grond van {law} de toestemming van die persoon vereist.",
        "image_law": "Voor de publicatie van een afbeelding waarop een persoon herkenbaar is, is op grond van {law} "
        "bovendien de toestemming van die persoon vereist.",
        "exception": "Alvorens u te schrijven, hebben wij onderzocht of een uitzondering van toepassing is, zoals voor "
        "nieuwsverslaggeving of een openbare gebeurtenis, en wij zien er geen.",
        "commercial_use": "De afbeelding wordt gebruikt om voor iets te adverteren of iets te verkopen.",
        "cease": "Wij verzoeken u de afbeelding te verwijderen, deze daar niet opnieuw te publiceren en ons in uw "
        "antwoord mee te delen wanneer dit is gebeurd.",
        # --- No law
        "no_law_owner_request": "Dit is een verzoek over de eigen afbeelding van een persoon: er wordt geen beroep "
        "gedaan op enige wet.",
        "request_owner_request": "Wij verzoeken u de afbeelding te verwijderen, of ons te laten weten waarom u dat "
        "liever niet doet.",
        "not_me": "De afgebeelde persoon verklaart dit profiel niet zelf te beheren en het ook niet door iemand anders "
        "te laten beheren.",
        # --- Networks and search
        "forward": "Wij begrijpen dat dit materiaal via uw netwerk wordt doorgegeven en er mogelijk niet op is "
        "opgeslagen. Wij verzoeken u deze melding door te sturen aan de hostingaanbieder die het opslaat en aan uw "
        "klant.",
        "identify_host": "Wij verzoeken u ons de naam van de hostingaanbieder mee te delen en te laten weten waar deze "
        "dergelijke meldingen in ontvangst neemt.",
        "query_or_url": "Wij verzoeken u de pagina's en afbeeldingsbestanden op deze adressen uit uw zoekresultaten te "
        "verwijderen.",
        "query_or_url_eu_rtbf": "Het gaat om de resultaten van zoekopdrachten op de naam {name} die naar de volgende "
        "adressen leiden:",
        "house_rules_search": "Dit is een verzoek op grond van uw eigen regels voor zoekresultaten: daarbuiten wordt "
        "geen beroep gedaan op enige wet, en het is geen kennisgeving van auteursrechtinbreuk.",
        # --- Further letters
        "first_letter": "Op {first_sent_on} hebben wij u onder kenmerk {reference} geschreven over het materiaal op de "
        "onderstaande adressen.",
        "ask_again": "Toen wij voor het laatst keken, stond het er nog. Wij verzoeken u opnieuw om hetgeen in die "
        "brief wordt gevraagd, en om een antwoord waarin u ons uw beslissing meedeelt.",
        "retract": "Wij trekken de kennisgeving die wij u op {first_sent_on} onder kenmerk {reference} hebben "
        "gestuurd, volledig in. Wij verzoeken u deze als niet verzonden te beschouwen: wij maken geen aanspraken met "
        "betrekking tot het materiaal op de onderstaande adressen.",
        "restore": "Als u vanwege die kennisgeving iets hebt verwijderd of de toegang ertoe onmogelijk hebt gemaakt, "
        "verzoeken wij u dit te herstellen en de kennisgeving niet mee te tellen ten nadele van degene die het daar "
        "heeft geplaatst.",
        "asked_us": "U hebt ons een vraag gesteld over de kennisgeving die wij u op {first_sent_on} onder kenmerk "
        "{reference} hebben gestuurd.",
        "thank": "Wij danken u voor de behandeling van de kennisgeving die wij u op {first_sent_on} onder kenmerk "
        "{reference} hebben gestuurd. Het materiaal is verwijderd en voor ons is de zaak afgesloten.",
    },
    consent={
        "never": "De afgebeelde persoon verklaart nooit met de publicatie van de afbeelding aldaar te hebben "
        "ingestemd.",
        "withdrawn": "De afgebeelde persoon heeft ooit met de publicatie van de afbeelding aldaar ingestemd en heeft "
        "die toestemming ingetrokken.",
        "not_sure": "De afgebeelde persoon wil niet dat de afbeelding daar wordt gepubliceerd.",
    },
    authorship={
        "me": "heeft deze foto gemaakt en heeft het auteursrecht daarop",
        "someone_for_me": "heeft het auteursrecht daarop door schriftelijke overdracht",
    },
    limbs={
        "never": "De gegevens moeten worden gewist op grond van artikel 17, lid 1, onder d), aangezien wij geen "
        "rechtsgrond voor de publicatie ervan kennen, en tevens",
        "withdrawn": "De gegevens moeten worden gewist op grond van artikel 17, lid 1, onder b), aangezien de "
        "toestemming is ingetrokken, en tevens",
        "not_sure": "De gegevens moeten worden gewist",
    },
    laws={
        "gdpr": "van Verordening (EU) 2016/679 (algemene verordening gegevensbescherming, AVG)",
        "uk_gdpr": "van de algemene verordening gegevensbescherming van het Verenigd Koninkrijk (UK GDPR)",
        # After "op grond van".
        "de": "de §§ 22 en 23 van het Duitse Kunsturhebergesetz (KUG)",
        "fr": "artikel 9 van het Franse burgerlijk wetboek (Code civil)",
        "es": "de Spaanse organieke wet 1/1982 (Ley Orgánica 1/1982)",
        "it": "de artikelen 96 en 97 van de Italiaanse wet nr. 633/1941 en artikel 10 van het Italiaanse burgerlijk "
        "wetboek (Codice civile)",
        "pl": "artikel 81 van de Poolse wet van 4 februari 1994 inzake het auteursrecht en de naburige rechten",
    },
)
