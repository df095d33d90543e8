"""English. The sentences of 17 U.S.C. 512(c)(3)(A)(v) and (vi) keep the statute's own words and spelling."""

from takedowns.letters.wording import Wording

WORDING = Wording(
    language="en",
    name="English",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    date="{day} {month} {year}",
    titles={
        "take_it_down": "Urgent: intimate picture published without consent",
        "uk_intimate": "Urgent: intimate picture shared without consent",
        "ncii_policy": "Urgent: intimate picture, report under your rules",
        "dmca_512c": "Notice of claimed copyright infringement, 17 U.S.C. 512(c)",
        "dmca_512d": "Notice of claimed copyright infringement, 17 U.S.C. 512(d)",
        "dsa_16": "Notice of illegal content, Article 16 DSA",
        "gdpr_erasure": "Request for erasure and objection, Articles 17 and 21",
        "image_right": "Request to remove a picture: right to one's own image",
        "publicity": "Use of a person's likeness without consent",
        "ccpa_delete": "Request to delete personal information, Cal. Civ. Code 1798.105",
        "host_policy": "Report of a picture published without permission",
        "owner_request": "A request to take a picture down",
        "impersonation": "Report of a profile that pretends to be somebody",
        "dating_profile": "Report of a dating profile with somebody else's picture",
        "scam_profile": "Report of a profile that deceives with somebody else's picture",
        "cdn_forward": "Report to forward, and a question about the host",
        "upstream": "Report about a customer's network",
        "registrar": "Report about the use of a domain",
        "search_explicit": "Removal from search results: intimate picture",
        "search_personal": "Removal from search results: personal content",
        "search_outdated": "Removal from search results: outdated content",
        "eu_rtbf": "Request to delist results for a person's name, Articles 17 and 21",
        "ad_payment": "Report about pages that use your service",
        "reminder": "Reminder",
        "retraction": "Our notice is withdrawn",
        "info_answer": "Answer to your question",
        "counter_response": "Response to a counter-notification, 17 U.S.C. 512(g)(2)(C)",
        "dsa_20_complaint": "Complaint about your decision, Article 20 DSA",
        "onward_17_2": "Recipients of erased data, Articles 17(2) and 19",
        "access_15": "Request for access, Article 15",
        "preservation": "Request to preserve records",
        "thanks": "Thank you",
        # --- Papers for the subject or an authority
        "agent_mandate": "Authority to act",
        "photographer_authorisation": "The photographer's authorisation",
        "copyright_assignment": "Assignment of copyright",
        "counter_notice_info": "Somebody disputes our copyright notice: what you can do",
        "ncii_referral": "Services that keep intimate pictures off platforms",
        "dpa_complaint": "Complaint to a data protection authority, Article 77",
        "dsa_21_referral": "Referral to out-of-court dispute settlement, Article 21 DSA",
        "regulator_pack": "Report to a regulator",
        "police_summary": "Summary for the police",
        "friendly_request": "A message to somebody you know",
    },
    says={
        # A key that ends with a letter's code, with `_profile` or `_search`, or with where the person lives, stands in
        # those letters in place of the key without it.
        # --- In many letters
        "which_person": "The person we act for is the one whose face is about {left} % from the left and {top} % from "
        "the top of the picture.",
        # Begins a sentence in place of {name} where the person must not be named.
        "person": "The person we act for",
        "permission": "{consent}",
        "authority": "We act for {name}, whose signed authority, given on {signed_on}, we hold and can show you.",
        "request": "Please remove the picture or disable access to it, or have your customer do so.",
        "request_profile": "Please look at the profile under your rules, and remove it or the picture.",
        "no_law": "This is a report under your own rules: no law is claimed beyond them, and it is not a copyright "
        "notice.",
        "house_rules": "This is a report under your own rules: no law is claimed beyond them, and it is not a "
        "copyright notice.",
        # --- Intimate pictures
        "no_consent": "The person shown has a good faith belief that the publication of this intimate picture is not "
        "consensual: they state that they never agreed to its being published.",
        "identical_copies": "Please also make reasonable efforts to find and remove any known identical copies.",
        "law_cited_uk_intimate": "In England and Wales, sharing an intimate picture of a person without their consent "
        "is an offence under section 66B of the Sexual Offences Act 2003, and content that amounts to it is priority "
        "illegal content under the Online Safety Act 2023 (Schedule 7).",
        # --- Copyright
        "work": "The work is the photograph shown at the addresses below. {name} {authorship}.",
        "good_faith": "We have a good faith belief that use of the material in the manner complained of is not "
        "authorized by the copyright owner, its agent, or the law.",
        "accuracy": "The information in this notification is accurate, and under penalty of perjury, the complaining "
        "party is authorized to act on behalf of the owner of an exclusive right that is allegedly infringed.",
        "links": "Please remove or disable access to every reference and link to the pages and picture files above in "
        "your search results.",
        # --- European Union
        "illegality": "The picture shows a recognisable person and is that person's personal data. {consent} We know "
        "of no other legal basis for publishing it under Article 6(1) of Regulation (EU) 2016/679 (GDPR), and without "
        "one its publication is unlawful.",
        "bona_fide": "We confirm in good faith our bona fide belief that the information and allegations in this "
        "notice are accurate and complete.",
        # --- Data protection
        "rights": "Under Articles 17 and 21(1) {law} we ask you, for {name}, to erase these personal data without "
        "undue delay, and we object to any further processing of them.",
        "limb": "{limb} under Article 17(1)(c), as {name} objects and we know of no overriding legitimate grounds.",
        "notify_others": "Please tell every recipient to whom the data were disclosed (Article 19), and take "
        "reasonable steps to tell others who process them of this request (Article 17(2)).",
        "answer_time": "Please answer without undue delay, and at the latest within one month of receiving this "
        "request (Article 12(3)).",
        "rights_eu_rtbf": "Under Articles 17 and 21(1) {law} we ask you, for {name}, to remove these addresses from "
        "those results, and we object to their being shown there (Court of Justice, C-131/12).",
        "recipients": "Please tell us the recipients to whom the data were disclosed (Article 19), and what you have "
        "done to tell others who process them of the request for erasure (Article 17(2)).",
        "access": "Under Article 15 {law} we ask you, for {name}, for access to the personal data at the addresses "
        "below: the purposes of publishing them, the recipients, how long they are kept, where they come from "
        "(Article 15(1)(a), (c), (d) and (g)), and a copy of them (Article 15(3)).",
        # --- The right to one's own image, and to one's likeness
        "law_cited_image_right": "{consent} Publishing a recognisable picture of a person needs that person's consent "
        "under {law}.",
        "image_law": "Publishing a recognisable picture of a person also needs that person's consent under {law}.",
        "exception": "Before writing we considered whether an exception applies, such as news reporting or a public "
        "event, and we see none.",
        "law_cited_publicity": "{consent} Using a person's likeness to advertise or sell something needs that "
        "person's prior consent under {law}.",
        "commercial_use": "The picture is used to advertise or sell something.",
        "residence_us_ca": "{name} lives in California.",
        "residence_us_ny": "{name} lives in the State of New York.",
        "cease": "Please take the picture down, do not publish it there again, and tell us by reply when you have "
        "done so.",
        # --- California
        "law_cited_ccpa_delete": "Under section 1798.105 of the California Civil Code we ask you, for {name}, to "
        "delete any personal information about them that you have collected from them, and to have your service "
        "providers and contractors delete it.",
        "weak_ground": "That section binds businesses of a certain size (section 1798.140(d)) and leaves out what is "
        "publicly available (section 1798.140(v)(2)). If it does not bind you here, please take this as a request to "
        "remove the picture under your own rules.",
        "ccpa_time": "Please confirm this request within 10 business days and answer it within 45 calendar days of "
        "receiving it.",
        # --- No law
        "no_law_owner_request": "This is a request about a person's own picture: no law is claimed in it.",
        "request_owner_request": "Please take the picture down, or tell us why you would rather not.",
        "not_me": "The person shown states that they neither run this profile nor have anybody run it for them.",
        "dating": "The profile shows them to others who look for a partner.",
        "deceit": "The person shown states that the picture is used to deceive other people, and that they have no "
        "part in it.",
        # --- Networks, domains, search, advertising
        "forward": "We understand that your network carries this material and may not store it. Please forward this "
        "report to the provider that hosts it and to your customer.",
        "identify_host": "Please tell us the name of the hosting provider and where it takes such reports.",
        "request_upstream": "The material is reached through your network. Please pass this report to the customer "
        "concerned, and see to it that it is dealt with under your rules.",
        "registrant_duty": "We report a use of the domain that may break your own terms, and claim nothing beyond "
        "that. Where the Registrar Accreditation Agreement applies to the domain, its section 3.18 asks you to look "
        "into reports of abuse.",
        "request_registrar": "Please look at it under the terms on which you registered the domain, and pass this "
        "report to its holder.",
        "query_or_url": "Please remove the pages and picture files at these addresses from your search results.",
        "query_or_url_eu_rtbf": "This is about the results of searches for the name {name} that lead to these "
        "addresses:",
        "house_rules_search": "This is a request under your own rules for search results: no law is claimed beyond "
        "them, and it is not a copyright notice.",
        "no_law_search": "This is a request under your own rules for search results: no law is claimed beyond them, "
        "and it is not a copyright notice.",
        "outdated": "The picture is not at these addresses any more, and your results still show it.",
        "request_ad_payment": "The pages at these addresses use your service. Please look whether that is within your "
        "rules, and stop serving them if it is not.",
        # --- Further letters
        "first_letter": "On {first_sent_on} we wrote to you under the reference {reference} about the material at the "
        "addresses below.",
        "ask_again": "When we last looked, it was still there. We ask you again for what that letter asks for, and "
        "for a reply that tells us what you decide.",
        "retract": "We take back, in full, the notice that we sent you on {first_sent_on} under the reference "
        "{reference}. Please treat it as if it had not been sent: we make no claim about the material at the "
        "addresses below.",
        "restore": "If you have removed anything or disabled access to it because of that notice, please restore it, "
        "and please do not count the notice against whoever put it there.",
        "asked_us": "You asked us about the notice that we sent you on {first_sent_on} under the reference "
        "{reference}.",
        "counter_known": "You told us of a counter-notification to the notice that we sent you on {first_sent_on} "
        "under the reference {reference}.",
        "action_filed": "We give you notice under 17 U.S.C. 512(g)(2)(C) that this proceeding has been brought to "
        "restrain your subscriber from engaging in infringing activity relating to the material on your system:",
        "keep_down": "We therefore ask you not to replace the material or restore access to it.",
        "complaint": "We lodge a complaint under Article 20 of Regulation (EU) 2022/2065 against your decision on the "
        "notice that we sent you on {first_sent_on} under the reference {reference}.",
        "human": "Please decide it without undue delay, under the supervision of qualified staff and not solely by "
        "automated means, and tell us your reasoned decision and how it can be contested (Article 20(4) to (6)).",
        "preserve": "Please preserve what you hold about the publication of this material: who uploaded it, when, and "
        "from where, and a copy that the public cannot reach, so that a court or an authority can ask for it.",
        "no_disclosure": "We do not ask you to hand any of it to us, or to keep the material public.",
        "thank": "Thank you for dealing with the notice that we sent you on {first_sent_on} under the reference "
        "{reference}. The material is gone, and for us the matter is closed.",
    },
    consent={
        "never": "The person shown states that they never agreed to its being published there.",
        "withdrawn": "The person shown once agreed to its being published there, and has withdrawn that agreement.",
        "not_sure": "The person shown does not want it to be published there.",
    },
    authorship={
        "me": "took it and owns the copyright in it",
        "someone_for_me": "owns the copyright in it by written assignment",
    },
    limbs={
        "never": "The data must be erased under Article 17(1)(d), as we know of no legal basis for publishing them, "
        "and",
        "withdrawn": "The data must be erased under Article 17(1)(b), as consent is withdrawn, and",
        "not_sure": "The data must be erased",
    },
    laws={
        "gdpr": "of Regulation (EU) 2016/679 (GDPR)",
        "uk_gdpr": "of the UK GDPR",
        "de": "sections 22 and 23 of the German Kunsturhebergesetz (KUG)",
        "fr": "Article 9 of the French Civil Code",
        "es": "Organic Law 1/1982 of Spain",
        "it": "Articles 96 and 97 of the Italian Law 633/1941 and Article 10 of the Italian Civil Code",
        "pl": "Article 81 of the Polish Act of 4 February 1994 on copyright and related rights",
        # Of the right to one's likeness.
        "us_ca": "section 3344 of the California Civil Code",
        "us_ny": "sections 50 and 51 of the New York Civil Rights Law",
    },
)
