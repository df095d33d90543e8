"""Files of hashes: every shape that programmes give them, and every trick that a file can play."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from crawler.blocklists import blocklist, hash_files, hash_lists
from crawler.blocklists.hash_files import BadFile, Entry
from crawler.models import HashList, ImageBlock

MD5, SHA1 = "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef01234567"
SHA256 = "ab" * 32
PDQ = "0f" * 32
NCMEC = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
  <images count="2" maxTimestamp="2026-10-24T15:10:00Z">
    <image><member id="42">A member</member><id>image1</id><classification>A1</classification>
      <fingerprints><md5>{MD5.upper()}</md5><sha1>{SHA1}</sha1><pdna>1,2,3</pdna><pdq>{PDQ}</pdq></fingerprints>
      <feedback><affirmativeFeedback type="Md5"/></feedback></image>
    <deletedImage><member id="43">Another</member><id>image4</id></deletedImage>
  </images>
  <videos count="1"><video><id>video1</id><fingerprints><md5>{"1" * 32}</md5></fingerprints></video></videos>
</queryResult>"""


def read(text: str | bytes, kind: str = "") -> tuple[set[tuple[str, str]], Counter[str]]:
    data = text.encode() if isinstance(text, str) else text
    entries: set[tuple[str, str]] = set()
    skipped: Counter[str] = Counter()
    for found in hash_files.read(io.BytesIO(data), kind=kind):
        if isinstance(found, Entry):
            entries.add((f"-{found.kind}" if found.withdrawn else found.kind, found.value))
        else:
            skipped[found.reason] += 1
    return entries, skipped


# Shapes


def test_ncmec_xml() -> None:
    entries, skipped = read(NCMEC)
    assert entries == {("md5", MD5), ("pdq", PDQ)}
    assert skipped == {"sha1": 1, "photodna": 1, "video": 1, "withdrawn_by_id": 1}


def test_ncmec_json() -> None:
    images = {"image": [{"id": "1", "fingerprints": {"md5": MD5, "sha1": SHA1}}]}
    videos = {"video": [{"id": "2", "fingerprints": {"md5": "2" * 32}}]}
    entries, skipped = read(json.dumps({"queryResult": {"images": images, "videos": videos}}))
    assert entries == {("md5", MD5)}
    assert skipped == {"sha1": 1, "video": 1}


def test_threatexchange_json() -> None:
    records = [
        {"id": "1", "indicator": PDQ, "type": "HASH_PDQ", "should_delete": False, "descriptors": {"data": []}},
        {"id": "2", "indicator": SHA256, "type": "HASH_SHA256", "should_delete": True},
        {"id": "3", "indicator": MD5, "type": "HASH_MD5", "last_updated": 1_700_000_000},
        {"id": "4", "indicator": "https://bad.example", "type": "URI"},
        {"id": "5", "indicator": "00", "type": "HASH_TMK"},
    ]
    entries, skipped = read(json.dumps({"data": records, "paging": {"next": "x"}}))
    assert entries == {("pdq", PDQ), ("-sha256", SHA256), ("md5", MD5)}
    assert skipped == {"other_kind": 1, "video": 1}
    lines = "\n".join(json.dumps(record) for record in records)
    assert read(lines) == (entries, skipped)


def test_stopncii_json() -> None:
    records = [
        {"signalType": "ImagePDQ", "hashValue": PDQ, "hashStatus": "Active", "caseNumbers": {"1": "Active"}},
        {"signalType": "ImagePDQ", "hashValue": "1e" * 32, "hashStatus": "Withdrawn"},
        {"signalType": "VideoMD5", "hashValue": MD5, "hashStatus": "Active"},
    ]
    entries, skipped = read(json.dumps({"count": 3, "nextPageToken": "", "hashRecords": records}))
    assert entries == {("pdq", PDQ), ("-pdq", "1e" * 32)}
    assert skipped == {"video": 1}


def test_project_vic_json_leaves_out_what_is_nothing_to_the_point() -> None:
    records = [{"MediaID": n, "Category": n, "MD5": f"{n}" * 32, "SHA1": SHA1, "MediaSize": 9} for n in range(6)]
    entries, skipped = read(json.dumps({"@odata.context": "x", "value": records}))
    assert {value[0] for _, value in entries} == {"1", "2", "3"}
    assert skipped == {"sha1": 3, "other_category": 3}


@pytest.mark.parametrize(
    "table",
    [
        f"id,type,indicator,status\n1,HASH_PDQ,{PDQ},x\n2,HASH_MD5,{MD5},x\n3,HASH_SHA1,{SHA1},x\n",
        f"signal_type\tsignal\npdq\t{PDQ}\nmd5\t{MD5}\nsha1\t{SHA1}\n",
        f"\ufeffMD5;SHA1;PDQ\r\n{MD5.upper()};{SHA1};\r\n;;{PDQ}\r\n",
        f"pdq {PDQ}\nmd5 {MD5}\n# a note\n\nsha1 {SHA1}\n",
        f"pdq,{PDQ}\nmd5,{MD5}\nsha1,{SHA1}",
    ],
)
def test_tables_and_lines(table: str) -> None:
    entries, skipped = read(table)
    assert entries == {("pdq", PDQ), ("md5", MD5)}
    assert skipped == {"sha1": 1}


def test_one_hash_a_line_has_to_say_of_which_kind() -> None:
    assert read(f"{SHA256}\n{SHA256}\n", kind="sha256")[0] == {("sha256", SHA256)}
    assert read(f"{MD5}\n{SHA1}\nnonsense\n") == ({("md5", MD5)}, {"sha1": 1, "bad_value": 1})
    with pytest.raises(BadFile, match="--kind"):
        read(f"{SHA256}\n")


# What cannot be used, and what is not sound


def test_bad_values_are_counted_and_harm_no_other() -> None:
    lines = [
        f"md5 {MD5}", f"md5 {MD5[:-1]}", f"md5 {MD5}00", f"md5 {'g' * 32}", f"sha256 {MD5}", "md5 ", "pdq " + "00" * 32,
        "md5 d41d8cd98f00b204e9800998ecf8427e", "blake3 " + SHA256, "\x00md5 " + MD5, f"md5 {'٣' * 32}",
    ]  # fmt: skip
    entries, skipped = read("\n".join(lines[:9] + lines[10:]))
    assert entries == {("md5", MD5)}
    assert skipped == {"bad_value": 6, "featureless": 1, "empty_file": 1, "other_kind": 1}


def test_a_poor_perceptual_hash_is_left_out() -> None:
    entries, skipped = read(f"pdq,quality\n{PDQ},100\n{'1e' * 32},49\n")
    assert (entries, skipped) == ({("pdq", PDQ)}, {"low_quality": 1})


BILLION_LAUGHS = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY a "&lol;&lol;&lol;&lol;">
<!ENTITY b "&a;&a;&a;&a;">]><queryResult><image><fingerprints><md5>&b;</md5></fingerprints></image></queryResult>"""
XXE = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY file SYSTEM "file:///etc/passwd">]>
<queryResult><image><fingerprints><md5>&file;</md5></fingerprints></image></queryResult>"""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"\xff\xfem\x00d\x005\x00",
        BILLION_LAUGHS.encode(),
        XXE.encode(),
        NCMEC[:-40].encode(),
        b"<a>" * 5000,
        b"<a b='" + b"x" * 3 * 1024**2,
        b"<queryResult>&undefined;</queryResult>",
        b'{"data": [',
        b"[" * 200_000,
        b'{"a":' * 60 + b"1" + b"}" * 60,
        b'{"md5": "x"}\n{"md5": \n',
        b"md5 " + b"a" * 3 * 1024**2,
    ],
    ids=["empty", "blank", "utf-16", "laughs", "xxe", "cut", "deep", "attribute", "entity", "cut-json", "deep-json",
         "deep-records", "cut-line", "long-line"],
)  # fmt: skip
def test_a_file_that_is_not_sound_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile) as refusal:
        read(data)
    assert str(refusal.value).endswith(".")


def test_long_text_in_xml_is_no_hash() -> None:
    text = NCMEC.replace("1,2,3", "7" * 500_000)
    assert read(text)[1]["photodna"] == 1


def test_a_number_that_takes_for_ever_to_read_takes_no_time() -> None:
    assert read('{"md5": "' + MD5 + '", "size": ' + "9" * 100_000 + "}")[0] == {("md5", MD5)}


# Into a list


def take_in(text: str, name: str = "A list", **options: Any) -> hash_lists.Imported:
    return hash_lists.take_in(io.BytesIO(text.encode()), name, **options)


@pytest.mark.django_db
def test_an_import_may_be_done_again_and_takes_back_what_the_programme_does() -> None:
    first = take_in(f"md5 {MD5}\nsha256 {SHA256}\nsha1 {SHA1}\n", note="From a programme.")
    assert (first.new, first.known, first.removed, first.skipped) == (2, 0, 0, {"sha1": 1})
    again = take_in(f"md5 {MD5}\nsha256 {SHA256}\npdq {PDQ}\n")
    assert (again.new, again.known, again.removed) == (1, 2, 0)
    gone = take_in(json.dumps([{"type": "HASH_PDQ", "indicator": PDQ, "should_delete": True}]))
    assert (gone.new, gone.removed) == (0, 1)
    replaced = take_in(f"md5 {MD5}\n", replace=True)
    assert (replaced.new, replaced.known, replaced.removed) == (0, 1, 1)
    assert list(ImageBlock.objects.values_list("kind", "value")) == [("md5", MD5)]
    assert HashList.objects.get().note == "From a programme."


@pytest.mark.django_db
@pytest.mark.parametrize("text", [f"md5 {MD5}\n{SHA256}\n", f"sha1 {SHA1}\n", f"md5 {MD5}\nmd5 {'a' * 3_000_000}"])
def test_of_a_file_that_is_not_sound_nothing_is_imported(text: str) -> None:
    take_in(f"sha256 {SHA256}\n")
    before = blocklist.stamp()
    with pytest.raises(BadFile):
        take_in(text, replace=True)
    assert list(ImageBlock.objects.values_list("value", flat=True)) == [SHA256]
    assert blocklist.stamp() == before


@pytest.mark.django_db
def test_the_audit_trail_has_counts_and_no_hash() -> None:
    take_in(f"md5 {MD5}\nsha1 {SHA1}\n")
    hash_lists.remove("A list")
    imported, removed = AuditEvent.objects.filter(action__startswith="hash_list.")
    assert imported.detail == {"new": 1, "known": 0, "removed": 0, "skipped": 1, "replaced": False}
    assert (removed.action, removed.detail) == ("hash_list.removed", {"entries": 1})
    assert not ImageBlock.objects.exists()


@pytest.mark.django_db
def test_our_own_list_is_neither_imported_into_nor_removed() -> None:
    blocklist.remember([SHA256])
    for refused in (lambda: take_in(f"md5 {MD5}", blocklist.WITHDRAWN), lambda: hash_lists.remove(blocklist.WITHDRAWN)):
        with pytest.raises(hash_lists.ListRefused):
            refused()
    assert list(hash_lists.give_out(blocklist.WITHDRAWN)) == [f"sha256 {SHA256}"]


# The command


def command(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("hashlist", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_an_operators_round(tmp_path: Path) -> None:
    file = tmp_path / "export.xml"
    file.write_text(NCMEC)
    done = command("import", "NCMEC", str(file), "--note", "Under our agreement of 2026.")
    assert (done["new"], done["skipped"]["sha1"]) == (2, 1)
    (listed,) = command("list")["lists"]
    assert (listed["name"], listed["md5"], listed["pdq"], listed["sha256"]) == ("NCMEC", 1, 1, 0)
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"anything")
    assert command("check", MD5.upper(), SHA1, str(picture))["found"][MD5.upper()] == "NCMEC"
    with pytest.raises(CommandError, match="terms"):
        command("export", "NCMEC")
    exported = command("export", "NCMEC", "--terms-allow")["entries"]
    assert exported == [f"md5 {MD5}", f"pdq {PDQ}"]
    copy = tmp_path / "copy.txt"
    copy.write_text("\n".join(exported))
    assert command("import", "A copy", str(copy))["new"] == 2
    assert command("remove", "NCMEC")["removed"] == 2
    for wrong in (["remove", "NCMEC"], ["import", "x", str(tmp_path / "none")], ["import", "", str(copy)]):
        with pytest.raises(CommandError):
            command(*wrong)
