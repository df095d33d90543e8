"""Italian. The terms are those of the Italian texts of the GDPR and of Regulation (EU) 2022/2065.

A day stands after "in data" or a colon: an article before it would change with the number (`il 4`, `l'8`, `l'11`).
"""

import datetime

from takedowns.letters.wording import Wording


class _Italian(Wording):
    """The first of a month is an ordinal number: `1º maggio 2026`."""

    def dated(self, day: datetime.date) -> str:
        text = super().dated(day)
        return text.replace("1 ", "1º ", 1) if day.day == 1 else text


WORDING = _Italian(
    language="it",
    name="Italian",
    months=(
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
    date="{day} {month} {year}",
    titles={
        "take_it_down": "Urgente: immagine intima pubblicata senza consenso",
        "ncii_policy": "Urgente: immagine intima, segnalazione ai sensi delle Vostre regole",
        "dmca_512c": "Notifica di violazione del diritto d'autore, 17 U.S.C. 512(c)",
        "dsa_16": "Segnalazione di contenuto illegale, articolo 16 del regolamento (UE) 2022/2065",
        "gdpr_erasure": "Richiesta di cancellazione e opposizione, articoli 17 e 21",
        "image_right": "Richiesta di rimozione di un'immagine: diritto all'immagine",
        "host_policy": "Segnalazione di un'immagine pubblicata senza autorizzazione",
        "owner_request": "Richiesta di rimozione di un'immagine",
        "impersonation": "Segnalazione di un profilo che finge di essere un'altra persona",
        "cdn_forward": "Segnalazione da inoltrare e domanda sul fornitore di hosting",
        "search_explicit": "Rimozione dai risultati di ricerca: immagine intima",
        "eu_rtbf": "Richiesta di deindicizzazione di risultati relativi a un nome, articoli 17 e 21",
        "reminder": "Sollecito",
        "retraction": "Ritiro della nostra segnalazione",
        "info_answer": "Risposta alla Vostra domanda",
        "thanks": "Ringraziamento",
    },
    says={
        # `authority`, `first_letter`, `retract`, `asked_us` and `thank` follow the salutation and its comma: a small
        # letter.
        # --- In many letters
        "which_person": "La persona per la quale agiamo è quella il cui volto si trova a circa il {left}\u00a0% dal "
        "margine sinistro e il {top}\u00a0% dal margine superiore dell'immagine.",
        "person": "La persona per la quale agiamo",
        "permission": "{consent}",
        "authority": "agiamo per conto di {name} in forza di una procura firmata in data {signed_on}, che è in nostro "
        "possesso e che possiamo esibirVi.",
        "request": "Vi preghiamo di rimuovere l'immagine o di disabilitare l'accesso alla stessa, oppure di fare in "
        "modo che vi provveda chi è Vostro cliente.",
        "request_profile": "Vi preghiamo di esaminare il profilo alla luce delle Vostre regole e di rimuovere il "
        "profilo o l'immagine.",
        "no_law": "La presente è una segnalazione ai sensi delle Vostre stesse regole: al di là di queste non si "
        "invoca alcuna legge, e non si tratta di una notifica in materia di diritto d'autore.",
        "house_rules": "La presente è una segnalazione ai sensi delle Vostre stesse regole: al di là di queste non si "
        "invoca alcuna legge, e non si tratta di una notifica in materia di diritto d'autore.",
        # --- Intimate pictures
        "no_consent": "La persona ritratta è convinta in buona fede che questa immagine intima sia stata pubblicata "
        "senza consenso: dichiara di non avere mai acconsentito alla sua pubblicazione.",
        "identical_copies": "Vi preghiamo inoltre di compiere sforzi ragionevoli per individuare e rimuovere tutte le "
        "copie identiche conosciute.",
        # --- Copyright
        "work": "L'opera è la fotografia visibile agli indirizzi sotto indicati. {name} {authorship}.",
        "good_faith": "Riteniamo in buona fede che l'uso del materiale nel modo contestato non sia autorizzato dalla "
        "persona titolare del diritto d'autore, da chi agisce per suo conto o dalla legge.",
        "accuracy": "Le informazioni contenute nella presente notifica sono esatte e dichiariamo, sotto pena delle "
        "sanzioni previste per lo spergiuro, che la parte segnalante è autorizzata ad agire per conto della persona "
        "titolare di un diritto esclusivo che si assume violato.",
        # --- European Union
        "illegality": "L'immagine mostra una persona riconoscibile e costituisce un dato personale di tale persona. "
        "{consent} Non siamo a conoscenza di alcun'altra base giuridica per la sua pubblicazione ai sensi "
        "dell'articolo 6, paragrafo 1, del regolamento (UE) 2016/679 (regolamento generale sulla protezione dei dati, "
        "GDPR), e in mancanza di una base giuridica la pubblicazione è illecita.",
        "bona_fide": "Confermiamo la nostra convinzione in buona fede circa l'esattezza e la completezza delle "
        "informazioni e delle dichiarazioni contenute nella presente segnalazione.",
        # --- Data protection
        "rights": "Ai sensi dell'articolo 17 e dell'articolo 21, paragrafo 1, {law} Vi chiediamo, per conto di {name}, "
        "di cancellare questi dati personali senza ingiustificato ritardo, e ci opponiamo a ogni ulteriore trattamento "
        "degli stessi.",
        "limb": "{limb} ai sensi dell'articolo 17, paragrafo 1, lettera c), poiché {name} si oppone al trattamento e "
        "non siamo a conoscenza di alcun motivo legittimo prevalente per procedervi.",
        "notify_others": "Vi preghiamo di comunicare la cancellazione a ciascuno dei destinatari cui i dati sono stati "
        "trasmessi (articolo 19) e di adottare misure ragionevoli per informare della presente richiesta gli altri "
        "soggetti che trattano i dati (articolo 17, paragrafo 2).",
        "answer_time": "Vi preghiamo di rispondere senza ingiustificato ritardo e, comunque, al più tardi entro un "
        "mese dal ricevimento della presente richiesta (articolo 12, paragrafo 3).",
        "rights_eu_rtbf": "Ai sensi dell'articolo 17 e dell'articolo 21, paragrafo 1, {law} Vi chiediamo, per conto di "
        "{name}, di eliminare questi indirizzi da tali risultati, e ci opponiamo a che vi siano visualizzati (Corte di "
        "giustizia dell'Unione europea, C-131/12).",
        # --- The right to one's own image
        "law_cited_image_right": "{consent} La pubblicazione di un'immagine in cui una persona è riconoscibile "
        "richiede il consenso di tale persona ai sensi {law}.",
        "image_law": "La pubblicazione di un'immagine in cui una persona è riconoscibile richiede inoltre il consenso "
        "di tale persona ai sensi {law}.",
        "exception": "Prima di scriverVi abbiamo valutato se ricorra un'eccezione, come la cronaca o un evento "
        "pubblico, e non ne ravvisiamo alcuna.",
        "commercial_use": "L'immagine è utilizzata per pubblicizzare o vendere qualcosa.",
        "cease": "Vi chiediamo di rimuovere l'immagine, di non pubblicarvela nuovamente e di comunicarci nella Vostra "
        "risposta quando ciò sia avvenuto.",
        # --- No law
        "no_law_owner_request": "La presente è una richiesta che riguarda l'immagine stessa di una persona: in essa "
        "non si invoca alcuna legge.",
        "request_owner_request": "Vi preghiamo di rimuovere l'immagine, o di indicarci perché preferireste non farlo.",
        "not_me": "La persona ritratta dichiara di non gestire questo profilo e di non farlo gestire da altri per "
        "proprio conto.",
        # --- Networks and search
        "forward": "Per quanto ci risulta, la Vostra rete trasporta questo materiale e potrebbe non memorizzarlo. Vi "
        "preghiamo di inoltrare la presente segnalazione al fornitore che lo ospita e a chi è Vostro cliente.",
        "identify_host": "Vi preghiamo di indicarci il nome del fornitore di hosting e dove questo riceve tali "
        "segnalazioni.",
        "query_or_url": "Vi preghiamo di rimuovere dai Vostri risultati di ricerca le pagine e i file di immagine che "
        "si trovano a questi indirizzi.",
        "query_or_url_eu_rtbf": "La presente riguarda i risultati delle ricerche del nome {name} che conducono ai "
        "seguenti indirizzi:",
        "house_rules_search": "La presente è una richiesta ai sensi delle Vostre stesse regole sui risultati di "
        "ricerca: al di là di queste non si invoca alcuna legge, e non si tratta di una notifica in materia di diritto "
        "d'autore.",
        # --- Further letters
        "first_letter": "in data {first_sent_on} Vi abbiamo scritto con il riferimento {reference} in merito al "
        "materiale che si trova agli indirizzi sotto indicati.",
        "ask_again": "Alla nostra ultima verifica era ancora presente. Vi rinnoviamo la richiesta contenuta in quella "
        "lettera e Vi preghiamo di una risposta che ci comunichi la Vostra decisione.",
        "retract": "ritiriamo integralmente la segnalazione che Vi abbiamo inviato in data {first_sent_on} con il "
        "riferimento {reference}. Vi preghiamo di considerarla come non inviata: non avanziamo alcuna pretesa in "
        "merito al materiale che si trova agli indirizzi sotto indicati.",
        "restore": "Se a causa di tale segnalazione avete rimosso qualcosa o ne avete disabilitato l'accesso, Vi "
        "preghiamo di ripristinarlo e di non tenere conto della segnalazione a danno di chi lo ha pubblicato.",
        "asked_us": "ci avete posto una domanda sulla segnalazione che Vi abbiamo inviato in data {first_sent_on} con "
        "il riferimento {reference}.",
        "thank": "Vi ringraziamo per avere dato seguito alla segnalazione che Vi abbiamo inviato in data "
        "{first_sent_on} con il riferimento {reference}. Il materiale non è più presente e, per noi, la questione è "
        "chiusa.",
    },
    consent={
        "never": "La persona ritratta dichiara di non avere mai acconsentito alla pubblicazione dell'immagine in "
        "quella sede.",
        "withdrawn": "La persona ritratta aveva acconsentito alla pubblicazione dell'immagine in quella sede e ha "
        "revocato tale consenso.",
        "not_sure": "La persona ritratta non desidera che l'immagine sia pubblicata in quella sede.",
    },
    authorship={
        "me": "l'ha scattata ed è titolare del diritto d'autore sulla stessa",
        "someone_for_me": "è titolare del diritto d'autore sulla stessa in forza di cessione scritta",
    },
    limbs={
        "never": "I dati devono essere cancellati ai sensi dell'articolo 17, paragrafo 1, lettera d), poiché non siamo "
        "a conoscenza di alcuna base giuridica per la loro pubblicazione, e",
        "withdrawn": "I dati devono essere cancellati ai sensi dell'articolo 17, paragrafo 1, lettera b), poiché il "
        "consenso è stato revocato, e",
        "not_sure": "I dati devono essere cancellati",
    },
    laws={
        "gdpr": "del regolamento (UE) 2016/679 (regolamento generale sulla protezione dei dati, GDPR)",
        "uk_gdpr": "del regolamento generale sulla protezione dei dati del Regno Unito (UK GDPR)",
        # After "ai sensi", so with "di".
        "de": "degli articoli 22 e 23 della legge tedesca sul diritto d'autore delle opere d'arte "
        "(Kunsturhebergesetz, KUG)",
        "fr": "dell'articolo 9 del codice civile francese (Code civil)",
        "es": "della legge organica spagnola 1/1982 (Ley Orgánica 1/1982)",
        "it": "degli articoli 96 e 97 della legge 22 aprile 1941, n. 633, e dell'articolo 10 del codice civile",
        "pl": "dell'articolo 81 della legge polacca del 4 febbraio 1994 sul diritto d'autore e sui diritti connessi",
    },
)
