"""German. The terms are those of the German texts of the GDPR and of Regulation (EU) 2022/2065."""

from takedowns.letters.wording import Wording

WORDING = Wording(
    language="de",
    name="German",
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    date="{day}. {month} {year}",
    titles={
        "take_it_down": "Dringend: intimes Bild ohne Einwilligung veröffentlicht",
        "ncii_policy": "Dringend: intimes Bild, Meldung nach Ihren Regeln",
        "dmca_512c": "Mitteilung einer Urheberrechtsverletzung, 17 U.S.C. 512(c)",
        "dsa_16": "Meldung rechtswidriger Inhalte, Artikel 16 der Verordnung (EU) 2022/2065",
        "gdpr_erasure": "Antrag auf Löschung und Widerspruch, Artikel 17 und 21",
        "image_right": "Aufforderung zur Entfernung eines Bildes: Recht am eigenen Bild",
        "host_policy": "Meldung eines ohne Erlaubnis veröffentlichten Bildes",
        "owner_request": "Bitte um Entfernung eines Bildes",
        "impersonation": "Meldung eines Profils, das eine andere Person vortäuscht",
        "cdn_forward": "Meldung zur Weiterleitung und Frage nach dem Hostinganbieter",
        "search_explicit": "Entfernung aus den Suchergebnissen: intimes Bild",
        "eu_rtbf": "Antrag auf Auslistung von Ergebnissen zu einem Namen, Artikel 17 und 21",
        "reminder": "Erinnerung",
        "retraction": "Rücknahme unserer Meldung",
        "info_answer": "Antwort auf Ihre Frage",
        "thanks": "Vielen Dank",
    },
    says={
        # `authority`, `first_letter`, `retract` and `thank` follow the salutation and its comma: a small letter.
        # --- In many letters
        "which_person": "Die von uns vertretene Person ist diejenige, deren Gesicht sich etwa {left}\u00a0% vom linken "
        "und {top}\u00a0% vom oberen Rand des Bildes entfernt befindet.",
        "person": "Die von uns vertretene Person",
        "permission": "{consent}",
        "authority": "wir handeln für {name} aufgrund einer am {signed_on} unterzeichneten Vollmacht, die uns vorliegt "
        "und die wir Ihnen vorlegen können.",
        "request": "Bitte entfernen Sie das Bild oder sperren Sie den Zugang dazu, oder veranlassen Sie, dass Ihre "
        "Kundin oder Ihr Kunde dies tut.",
        "request_profile": "Bitte prüfen Sie das Profil nach Ihren Regeln und entfernen Sie das Profil oder das Bild.",
        "no_law": "Dies ist eine Meldung nach Ihren eigenen Regeln: Über diese hinaus berufen wir uns auf kein Gesetz, "
        "und es handelt sich nicht um eine urheberrechtliche Beanstandung.",
        "house_rules": "Dies ist eine Meldung nach Ihren eigenen Regeln: Über diese hinaus berufen wir uns auf kein "
        "Gesetz, und es handelt sich nicht um eine urheberrechtliche Beanstandung.",
        # --- Intimate pictures
        "no_consent": "Die abgebildete Person ist in gutem Glauben davon überzeugt, dass die Veröffentlichung dieses "
        "intimen Bildes ohne Einwilligung erfolgt ist: Sie erklärt, in die Veröffentlichung niemals eingewilligt zu "
        "haben.",
        "identical_copies": "Bitte unternehmen Sie außerdem angemessene Anstrengungen, um alle bekannten identischen "
        "Kopien aufzufinden und zu entfernen.",
        # --- Copyright
        "work": "Das Werk ist die Fotografie, die unter den nachstehenden Adressen gezeigt wird. {name} {authorship}.",
        "good_faith": "Wir sind in gutem Glauben davon überzeugt, dass die beanstandete Nutzung des Materials weder "
        "von der Inhaberin oder dem Inhaber des Urheberrechts noch von einer dazu bevollmächtigten Person noch durch "
        "das Gesetz erlaubt ist.",
        "accuracy": "Die Angaben in dieser Mitteilung sind richtig, und wir erklären unter Strafandrohung für "
        "Falschaussagen, dass die beschwerdeführende Partei berechtigt ist, im Namen der Person zu handeln, der das "
        "mutmaßlich verletzte ausschließliche Recht zusteht.",
        # --- European Union
        "illegality": "Das Bild zeigt eine erkennbare Person und gehört zu deren personenbezogenen Daten. {consent} "
        "Uns ist auch keine andere Rechtsgrundlage nach Artikel 6 Absatz 1 der Verordnung (EU) 2016/679 "
        "(Datenschutz-Grundverordnung, DSGVO) für die Veröffentlichung bekannt, und ohne Rechtsgrundlage ist die "
        "Veröffentlichung rechtswidrig.",
        "bona_fide": "Wir bestätigen, dass wir in gutem Glauben davon überzeugt sind, dass die in dieser Meldung "
        "enthaltenen Angaben und Anführungen richtig und vollständig sind.",
        # --- Data protection
        "rights": "Nach Artikel 17 und Artikel 21 Absatz 1 {law} verlangen wir für {name}, dass Sie diese "
        "personenbezogenen Daten unverzüglich löschen, und legen Widerspruch gegen jede weitere Verarbeitung dieser "
        "Daten ein.",
        "limb": "{limb} nach Artikel 17 Absatz 1 Buchstabe c, da {name} Widerspruch einlegt und uns keine vorrangigen "
        "berechtigten Gründe für die Verarbeitung bekannt sind.",
        "notify_others": "Bitte teilen Sie die Löschung allen Empfängern mit, denen die Daten offengelegt wurden "
        "(Artikel 19), und treffen Sie angemessene Maßnahmen, um andere, die die Daten verarbeiten, über diesen Antrag "
        "zu informieren (Artikel 17 Absatz 2).",
        "answer_time": "Bitte antworten Sie unverzüglich, spätestens aber innerhalb eines Monats nach Eingang dieses "
        "Antrags (Artikel 12 Absatz 3).",
        "rights_eu_rtbf": "Nach Artikel 17 und Artikel 21 Absatz 1 {law} verlangen wir für {name}, dass Sie diese "
        "Adressen aus den genannten Ergebnissen entfernen, und legen Widerspruch dagegen ein, dass sie dort angezeigt "
        "werden (Gerichtshof der Europäischen Union, C-131/12).",
        # --- The right to one's own image
        "law_cited_image_right": "{consent} Die Veröffentlichung eines Bildes, auf dem eine Person erkennbar ist, "
        "bedarf nach {law} der Einwilligung dieser Person.",
        "image_law": "Die Veröffentlichung eines Bildes, auf dem eine Person erkennbar ist, bedarf außerdem nach {law} "
        "der Einwilligung dieser Person.",
        "exception": "Vor diesem Schreiben haben wir geprüft, ob eine Ausnahme eingreift, etwa für die "
        "Nachrichtenberichterstattung oder für öffentliche Veranstaltungen, und sehen keine.",
        "commercial_use": "Das Bild wird verwendet, um für etwas zu werben oder etwas zu verkaufen.",
        "cease": "Bitte entfernen Sie das Bild, veröffentlichen Sie es dort nicht erneut und teilen Sie uns in Ihrer "
        "Antwort mit, wenn dies geschehen ist.",
        # --- No law
        "no_law_owner_request": "Dies ist eine Bitte, die das eigene Bild einer Person betrifft: Wir berufen uns darin "
        "auf kein Gesetz.",
        "request_owner_request": "Bitte nehmen Sie das Bild von der Seite, oder teilen Sie uns mit, warum Sie es "
        "lieber nicht möchten.",
        "not_me": "Die abgebildete Person erklärt, dass sie dieses Profil weder selbst betreibt noch von anderen für "
        "sich betreiben lässt.",
        # --- Networks and search
        "forward": "Nach unserem Kenntnisstand wird dieses Material über Ihr Netzwerk übertragen und möglicherweise "
        "nicht von Ihnen gespeichert. Bitte leiten Sie diese Meldung an den Hostinganbieter, der es speichert, sowie "
        "an Ihre Kundin oder Ihren Kunden weiter.",
        "identify_host": "Bitte teilen Sie uns den Namen des Hostinganbieters mit, und wo er solche Meldungen "
        "entgegennimmt.",
        "query_or_url": "Bitte entfernen Sie die Seiten und Bilddateien unter diesen Adressen aus Ihren "
        "Suchergebnissen.",
        "query_or_url_eu_rtbf": "Es geht um die Ergebnisse einer Suche nach dem Namen {name}, die zu den folgenden "
        "Adressen führen:",
        "house_rules_search": "Dies ist ein Antrag nach Ihren eigenen Regeln für Suchergebnisse: Über diese hinaus "
        "berufen wir uns auf kein Gesetz, und es handelt sich nicht um eine urheberrechtliche Beanstandung.",
        # --- Further letters
        "first_letter": "am {first_sent_on} haben wir Ihnen unter dem Zeichen {reference} wegen des Materials unter "
        "den nachstehenden Adressen geschrieben.",
        "ask_again": "Als wir zuletzt nachgesehen haben, war es noch vorhanden. Wir bitten Sie erneut um das, worum "
        "jenes Schreiben ersucht, und um eine Antwort, in der Sie uns Ihre Entscheidung mitteilen.",
        "retract": "wir nehmen die Meldung, die wir Ihnen am {first_sent_on} unter dem Zeichen {reference} gesandt "
        "haben, in vollem Umfang zurück. Bitte behandeln Sie sie so, als wäre sie nicht gesandt worden: Wir erheben "
        "keinen Anspruch wegen des Materials unter den nachstehenden Adressen.",
        "restore": "Wenn Sie wegen dieser Meldung etwas entfernt oder den Zugang dazu gesperrt haben, stellen Sie es "
        "bitte wieder her, und lassen Sie die Meldung der Person, die es dort eingestellt hat, bitte nicht zum "
        "Nachteil gereichen.",
        "asked_us": "Sie haben uns eine Frage zu der Meldung gestellt, die wir Ihnen am {first_sent_on} unter dem "
        "Zeichen {reference} gesandt haben.",
        "thank": "vielen Dank, dass Sie die Meldung bearbeitet haben, die wir Ihnen am {first_sent_on} unter dem "
        "Zeichen {reference} gesandt haben. Das Material ist nicht mehr vorhanden, und für uns ist die Angelegenheit "
        "abgeschlossen.",
    },
    consent={
        "never": "Die abgebildete Person erklärt, in die dortige Veröffentlichung des Bildes niemals eingewilligt zu "
        "haben.",
        "withdrawn": "Die abgebildete Person hatte in die dortige Veröffentlichung des Bildes einmal eingewilligt und "
        "hat diese Einwilligung widerrufen.",
        "not_sure": "Die abgebildete Person möchte nicht, dass das Bild dort veröffentlicht ist.",
    },
    authorship={
        "me": "hat sie aufgenommen und ist Inhaberin oder Inhaber des Urheberrechts daran",
        "someone_for_me": "ist aufgrund schriftlicher Übertragung Inhaberin oder Inhaber des Urheberrechts daran",
    },
    limbs={
        "never": "Die Daten sind zu löschen, und zwar nach Artikel 17 Absatz 1 Buchstabe d, da uns keine "
        "Rechtsgrundlage für ihre Veröffentlichung bekannt ist, sowie",
        "withdrawn": "Die Daten sind zu löschen, und zwar nach Artikel 17 Absatz 1 Buchstabe b, da die Einwilligung "
        "widerrufen ist, sowie",
        "not_sure": "Die Daten sind zu löschen, und zwar",
    },
    laws={
        "gdpr": "der Verordnung (EU) 2016/679 (Datenschutz-Grundverordnung, DSGVO)",
        "uk_gdpr": "der Datenschutz-Grundverordnung des Vereinigten Königreichs (UK GDPR)",
        # After "nach", so in the dative.
        "de": "den §§ 22 und 23 des Kunsturhebergesetzes (KUG)",
        "fr": "Artikel 9 des französischen Zivilgesetzbuchs (Code civil)",
        "es": "dem spanischen Organgesetz 1/1982 (Ley Orgánica 1/1982)",
        "it": "den Artikeln 96 und 97 des italienischen Gesetzes Nr. 633/1941 und Artikel 10 des italienischen "
        "Zivilgesetzbuchs (Codice civile)",
        "pl": "Artikel 81 des polnischen Gesetzes vom 4. Februar 1994 über das Urheberrecht und verwandte Schutzrechte",
    },
)
