"""Operators that belong together: by strong traits only, whatever the order in which they are learnt."""

import io
import json
from itertools import combinations

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from takedowns.contacts import clusters
from takedowns.contacts.clusters import ABUSE_ADDRESS, ANALYTICS, MAX_HOLDERS, NAME_SERVER, groups, registrant_traits
from takedowns.contacts.found import learn
from takedowns.models import Operator, OperatorTrait

TRAITS = st.dictionaries(st.integers(0, 8), st.frozensets(st.integers(0, 8), max_size=3), max_size=9)


def operator(number: int, kind: str = "owner") -> Operator:
    found, _ = Operator.objects.get_or_create(
        key=f"domain:{number}.example", defaults={"kind": kind, "name": str(number)}
    )
    return found


def cluster_sets() -> set[frozenset[str]]:
    found: dict[object, set[str]] = {}
    for key, cluster in Operator.objects.values_list("key", "cluster"):
        found.setdefault(cluster or key, set()).add(key)
    return {frozenset(keys) for keys in found.values()}


@given(TRAITS)
def test_groups_are_an_equivalence_relation(traits: dict[int, frozenset[int]]) -> None:
    """Everybody is in exactly one group: reflexive, symmetric and transitive; and no wider than the traits reach."""
    found = groups(traits)
    assert sorted(member for group in found for member in group) == sorted(traits)
    of = {member: number for number, group in enumerate(found) for member in group}
    for one, other in combinations(traits, 2):
        if traits[one] & traits[other]:
            assert of[one] == of[other]
    for group in found:
        reached = {min(group)}
        for _ in group:
            reached |= {member for member in group for known in reached if traits[member] & traits[known]}
        assert reached == group


class Learning(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=12), st.randoms(use_true_random=False))
    def test_the_order_does_not_matter(self, facts: list[tuple[int, int]], random) -> None:
        for number in range(6):
            operator(number)
        outcomes = []
        for _ in range(2):
            OperatorTrait.objects.all().delete()
            Operator.objects.update(cluster=None)
            for number, value in facts:
                learn(operator(number), ANALYTICS, str(value), "page")
                clusters.settle([operator(number)])
            outcomes.append(cluster_sets())
            random.shuffle(facts)
        clusters.settle_all()
        assert outcomes == [cluster_sets()] * 2
        wanted = groups({number: {value for one, value in facts if one == number} for number in range(6)})
        assert cluster_sets() == {frozenset(f"domain:{number}.example" for number in group) for group in wanted}


@pytest.mark.django_db
def test_a_cluster_is_named_after_the_one_that_was_known_first() -> None:
    first, second, third = (operator(number) for number in range(3))
    learn(third, ABUSE_ADDRESS, "Abuse@Host.example", "rdap_ip")
    clusters.settle([third])
    learn(second, ABUSE_ADDRESS, "abuse@host.example", "rdap_ip")
    clusters.settle([second])
    assert Operator.objects.get(pk=third.pk).cluster == second.pk
    learn(first, ABUSE_ADDRESS, "abuse@host.example", "whois")
    clusters.settle([first])
    assert set(Operator.objects.values_list("cluster", flat=True)) == {first.pk}
    assert clusters.members(Operator.objects.get(pk=third.pk)) == [third, first, second]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["country", "language", clusters.SERVES, "unheard_of"])
def test_a_weak_trait_joins_nobody(kind: str) -> None:
    for number in range(2):
        learn(operator(number), kind, "same", "page")
        clusters.settle([operator(number)])
    assert set(Operator.objects.values_list("cluster", flat=True)) == {None}


@pytest.mark.django_db
def test_what_too_many_share_says_nothing_any_more() -> None:
    for number in range(MAX_HOLDERS[NAME_SERVER] + 1):
        learn(operator(number), NAME_SERVER, "dns.example", "rdap_domain")
        clusters.settle([operator(number)])
        together = Operator.objects.exclude(cluster=None).count()
        assert together == (number + 1 if 0 < number < MAX_HOLDERS[NAME_SERVER] else 0)


@pytest.mark.parametrize(
    ("name", "emails", "country", "kinds"),
    [
        ("Pics Ltd", ["a@pics.example"], "GB", ["registrant_mail", "registrant_organisation"]),
        ("Pics Ltd", ["pics@gmail.com"], "GB", ["registrant_organisation"]),
        ("Pics Ltd", [], "", []),
        ("Alice Carver", [], "IE", []),
        ("Domains By Proxy, LLC", ["x@domainsbyproxy.com"], "US", []),
        ("Privacy service provided by Withheld for Privacy ehf", ["x@withheldforprivacy.com"], "IS", []),
        ("REDACTED FOR PRIVACY", ["abc@whoisprivacyservice.example"], "US", []),
        ("", ["1@o-w-o.info"], "FR", []),
    ],
)
def test_only_an_own_identity_is_a_strong_trait(name: str, emails: list[str], country: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in registrant_traits(name, emails, country)] == kinds


def test_name_servers_of_dns_services_are_no_trait() -> None:
    servers = ["ns1.cloudflare.com", "ns-12.awsdns-34.co.uk.", "NS1.Pics.Example.", "dns1.registrar-servers.com"]
    assert clusters.name_server_traits(servers) == ((NAME_SERVER, "pics.example"),)


@pytest.mark.django_db
def test_the_command_works_them_out_anew() -> None:
    for number in range(2):
        learn(operator(number), ANALYTICS, "UA-1", "page")
    out = io.StringIO()
    call_command("operator_clusters", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"clusters": 1, "operators": 2}
