"""Polish. The terms are those of the Polish texts of the GDPR and of Regulation (EU) 2022/2065.

Names stand only where they need no ending, and dates never at the end of a sentence, as they end with "r.".
"""

from takedowns.letters.wording import Wording

WORDING = Wording(
    language="pl",
    name="Polish",
    months=(
        "stycznia",
        "lutego",
        "marca",
        "kwietnia",
        "maja",
        "czerwca",
        "lipca",
        "sierpnia",
        "września",
        "października",
        "listopada",
        "grudnia",
    ),
    date="{day} {month} {year} r.",
    titles={
        "take_it_down": "Pilne: zdjęcie intymne opublikowane bez zgody",
        "ncii_policy": "Pilne: zdjęcie intymne, zgłoszenie na podstawie Państwa zasad",
        "dmca_512c": "Zgłoszenie naruszenia praw autorskich, 17 U.S.C. 512(c)",
        "dsa_16": "Zgłoszenie nielegalnych treści, art. 16 rozporządzenia (UE) 2022/2065",
        "gdpr_erasure": "Żądanie usunięcia danych i sprzeciw, art. 17 i 21",
        "image_right": "Wezwanie do usunięcia zdjęcia: prawo do wizerunku",
        "host_policy": "Zgłoszenie zdjęcia opublikowanego bez zezwolenia",
        "owner_request": "Prośba o usunięcie zdjęcia",
        "impersonation": "Zgłoszenie profilu podszywającego się pod inną osobę",
        "cdn_forward": "Zgłoszenie do przekazania i pytanie o dostawcę usług hostingu",
        "search_explicit": "Usunięcie z wyników wyszukiwania: zdjęcie intymne",
        "eu_rtbf": "Żądanie usunięcia wyników wyszukiwania imienia i nazwiska, art. 17 i 21",
        "reminder": "Przypomnienie",
        "retraction": "Wycofanie naszego zgłoszenia",
        "info_answer": "Odpowiedź na Państwa pytanie",
        "thanks": "Podziękowanie",
    },
    says={
        # --- In many letters
        "which_person": "Osobą, w której imieniu działamy, jest ta, której twarz znajduje się w odległości około "
        "{left}% od lewej i {top}% od górnej krawędzi zdjęcia.",
        "person": "Osoba, w której imieniu działamy,",
        "permission": "{consent}",
        "authority": "Osobą, w której imieniu działamy, jest {name}; posiadamy i możemy Państwu okazać podpisane przez "
        "tę osobę w dniu {signed_on} pełnomocnictwo.",
        "request": "Prosimy o usunięcie zdjęcia lub uniemożliwienie dostępu do niego albo o spowodowanie, aby uczynił "
        "to Państwa klient.",
        "request_profile": "Prosimy o sprawdzenie profilu pod kątem Państwa zasad oraz o usunięcie profilu lub "
        "zdjęcia.",
        "no_law": "Niniejsze pismo jest zgłoszeniem na podstawie Państwa własnych zasad: poza nimi nie powołujemy się "
        "na żadne przepisy prawa i nie jest to zgłoszenie naruszenia praw autorskich.",
        "house_rules": "Niniejsze pismo jest zgłoszeniem na podstawie Państwa własnych zasad: poza nimi nie powołujemy "
        "się na żadne przepisy prawa i nie jest to zgłoszenie naruszenia praw autorskich.",
        # --- Intimate pictures
        "no_consent": "Osoba przedstawiona na zdjęciu jest w dobrej wierze przekonana, że to intymne zdjęcie "
        "opublikowano bez jej zgody: oświadcza, że nigdy nie zgodziła się na jego publikację.",
        "identical_copies": "Prosimy również o podjęcie rozsądnych starań w celu odnalezienia i usunięcia wszelkich "
        "znanych identycznych kopii.",
        # --- Copyright
        "work": "Utworem jest fotografia pokazana pod poniższymi adresami. {name} {authorship}.",
        "good_faith": "W dobrej wierze uważamy, że kwestionowany sposób korzystania z materiału nie jest dozwolony ani "
        "przez osobę uprawnioną z tytułu praw autorskich, ani przez jej pełnomocnika, ani przez prawo.",
        "accuracy": "Informacje zawarte w niniejszym zgłoszeniu są prawidłowe, a ponadto oświadczamy, pod rygorem "
        "odpowiedzialności karnej za złożenie fałszywego oświadczenia, że strona zgłaszająca jest uprawniona do "
        "działania w imieniu osoby, której przysługuje prawo wyłączne, co do którego zarzuca się naruszenie.",
        # --- European Union
        "illegality": "Zdjęcie przedstawia osobę, którą można rozpoznać, i stanowi jej dane osobowe. {consent} Nie "
        "jest nam znana żadna inna podstawa prawna jego publikacji na mocy art. 6 ust. 1 rozporządzenia (UE) 2016/679 "
        "(ogólne rozporządzenie o ochronie danych, RODO), a bez podstawy prawnej jego publikacja jest niezgodna z "
        "prawem.",
        "bona_fide": "Potwierdzamy powzięte w dobrej wierze przekonanie, że informacje i zarzuty zawarte w niniejszym "
        "zgłoszeniu są prawidłowe i kompletne.",
        # --- Data protection
        "rights": "Na podstawie art. 17 i art. 21 ust. 1 {law} w imieniu reprezentowanej przez nas osoby ({name}) "
        "żądamy usunięcia tych danych osobowych bez zbędnej zwłoki i wnosimy sprzeciw wobec wszelkiego ich dalszego "
        "przetwarzania.",
        "limb": "{limb} na podstawie art. 17 ust. 1 lit. c), ponieważ {name} wnosi sprzeciw, a nie są nam znane "
        "nadrzędne prawnie uzasadnione podstawy przetwarzania.",
        "notify_others": "Prosimy o poinformowanie o usunięciu danych każdego odbiorcy, któremu je ujawniono (art. "
        "19), oraz o podjęcie rozsądnych działań, by poinformować o niniejszym żądaniu innych, którzy te dane "
        "przetwarzają (art. 17 ust. 2).",
        "answer_time": "Prosimy o odpowiedź bez zbędnej zwłoki, a najpóźniej w terminie miesiąca od otrzymania "
        "niniejszego żądania (art. 12 ust. 3).",
        "rights_eu_rtbf": "Na podstawie art. 17 i art. 21 ust. 1 {law} w imieniu reprezentowanej przez nas osoby "
        "({name}) żądamy usunięcia tych adresów ze wskazanych wyników i wnosimy sprzeciw wobec ich wyświetlania w tych "
        "wynikach (wyrok Trybunału Sprawiedliwości, C-131/12).",
        # --- The right to one's own image
        "law_cited_image_right": "{consent} W myśl {law} publikacja wizerunku osoby, którą można rozpoznać, wymaga "
        "zgody tej osoby.",
        "image_law": "Ponadto w myśl {law} publikacja wizerunku osoby, którą można rozpoznać, wymaga zgody tej osoby.",
        "exception": "Przed wysłaniem niniejszego pisma rozważyliśmy, czy zachodzi wyjątek, na przykład dla relacji "
        "prasowych lub wydarzeń publicznych, i żadnego nie stwierdziliśmy.",
        "commercial_use": "Zdjęcie jest wykorzystywane w celach reklamowych lub sprzedażowych.",
        "cease": "Prosimy o usunięcie zdjęcia, o niepublikowanie go tam ponownie oraz o poinformowanie nas w "
        "odpowiedzi, gdy to nastąpi.",
        # --- No law
        "no_law_owner_request": "Niniejsze pismo jest prośbą dotyczącą wizerunku tej osoby: nie powołujemy się w nim "
        "na żadne przepisy prawa.",
        "request_owner_request": "Prosimy o usunięcie zdjęcia ze strony albo o informację, dlaczego woleliby Państwo "
        "tego nie robić.",
        "not_me": "Osoba przedstawiona na zdjęciu oświadcza, że ani sama nie prowadzi tego profilu, ani nikt nie "
        "prowadzi go dla niej na jej życzenie.",
        # --- Networks and search
        "forward": "Jak rozumiemy, materiał ten jest przesyłany przez Państwa sieć i być może nie jest przez Państwa "
        "przechowywany. Prosimy o przekazanie niniejszego zgłoszenia dostawcy usług hostingu, który go przechowuje, "
        "oraz Państwa klientowi.",
        "identify_host": "Prosimy o podanie nam nazwy dostawcy usług hostingu oraz miejsca, w którym przyjmuje on "
        "takie zgłoszenia.",
        "query_or_url": "Prosimy o usunięcie z Państwa wyników wyszukiwania stron i plików zdjęć znajdujących się pod "
        "tymi adresami.",
        "query_or_url_eu_rtbf": "Chodzi o wyniki wyszukiwania imienia i nazwiska {name}, które prowadzą do "
        "następujących adresów:",
        "house_rules_search": "Niniejsze pismo jest wnioskiem na podstawie Państwa własnych zasad dotyczących wyników "
        "wyszukiwania: poza nimi nie powołujemy się na żadne przepisy prawa i nie jest to zgłoszenie naruszenia praw "
        "autorskich.",
        # --- Further letters
        "first_letter": "W dniu {first_sent_on} wysłaliśmy do Państwa pismo o sygnaturze {reference} w sprawie "
        "materiału znajdującego się pod poniższymi adresami.",
        "ask_again": "Gdy sprawdzaliśmy to ostatnio, materiał nadal tam był. Ponownie prosimy o to, o co wnosiliśmy w "
        "tamtym piśmie, oraz o odpowiedź z informacją o Państwa decyzji.",
        "retract": "Wycofujemy w całości zgłoszenie, które przesłaliśmy Państwu w dniu {first_sent_on} pod sygnaturą "
        "{reference}. Prosimy traktować je tak, jakby nie zostało wysłane: nie zgłaszamy żadnych roszczeń dotyczących "
        "materiału znajdującego się pod poniższymi adresami.",
        "restore": "Jeżeli z powodu tego zgłoszenia usunęli Państwo cokolwiek lub uniemożliwili do czegoś dostęp, "
        "prosimy o przywrócenie poprzedniego stanu; prosimy też, aby zgłoszenie to nie miało negatywnych skutków dla "
        "osoby, która zamieściła tam ten materiał.",
        "asked_us": "Zwrócili się Państwo do nas z pytaniem dotyczącym zgłoszenia, które przesłaliśmy Państwu w dniu "
        "{first_sent_on} pod sygnaturą {reference}.",
        "thank": "Dziękujemy za rozpatrzenie zgłoszenia, które przesłaliśmy Państwu w dniu {first_sent_on} pod "
        "sygnaturą {reference}. Materiału już tam nie ma i sprawę uważamy za zamkniętą.",
    },
    consent={
        "never": "Osoba przedstawiona na zdjęciu oświadcza, że nigdy nie zgodziła się na jego publikację w tym "
        "miejscu.",
        "withdrawn": "Osoba przedstawiona na zdjęciu zgodziła się kiedyś na jego publikację w tym miejscu i cofnęła tę "
        "zgodę.",
        "not_sure": "Osoba przedstawiona na zdjęciu nie chce, aby było ono publikowane w tym miejscu.",
    },
    authorship={
        "me": "jest osobą, która wykonała tę fotografię i której przysługują do niej autorskie prawa majątkowe",
        "someone_for_me": "jest osobą, której przysługują autorskie prawa majątkowe do tej fotografii na podstawie "
        "pisemnej umowy o ich przeniesienie",
    },
    limbs={
        "never": "Dane należy usunąć na podstawie art. 17 ust. 1 lit. d), ponieważ nie jest nam znana podstawa prawna "
        "ich publikacji, a także",
        "withdrawn": "Dane należy usunąć na podstawie art. 17 ust. 1 lit. b), ponieważ zgoda została cofnięta, a także",
        "not_sure": "Dane należy usunąć",
    },
    laws={
        # In the genitive.
        "gdpr": "rozporządzenia (UE) 2016/679 (ogólnego rozporządzenia o ochronie danych, RODO)",
        "uk_gdpr": "ogólnego rozporządzenia o ochronie danych Zjednoczonego Królestwa (UK GDPR)",
        "de": "§ 22 i 23 niemieckiej ustawy Kunsturhebergesetz (KUG)",
        "fr": "art. 9 francuskiego kodeksu cywilnego (Code civil)",
        "es": "hiszpańskiej ustawy organicznej nr 1/1982 (Ley Orgánica 1/1982)",
        "it": "art. 96 i 97 włoskiej ustawy nr 633/1941 oraz art. 10 włoskiego kodeksu cywilnego (Codice civile)",
        "pl": "art. 81 ustawy z dnia 4 lutego 1994 r. o prawie autorskim i prawach pokrewnych",
    },
)
