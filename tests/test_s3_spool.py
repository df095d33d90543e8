"""The spool in a bucket, as on more than one machine: a real S3 protocol on loopback, through django-storages."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from config import spool_url
from crawler import spool


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket that the settings name as the spool."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    url = f"s3://spool/waiting?endpoint_url={endpoint}&region=us-east-1&sse=AES256"
    settings.STORAGES = {**settings.STORAGES, "spool": spool_url.storage(url)}
    made = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="spool")
    yield made
    made.objects.delete()
    made.delete()


def kept(bucket: Any) -> list[str]:
    return [item.key for item in bucket.objects.all()]


def test_what_is_put_can_be_got_until_it_is_discarded(bucket: Any) -> None:
    digest = spool.put(b"picture")
    assert digest == hashlib.sha256(b"picture").hexdigest() and spool.get(digest) == b"picture"
    assert kept(bucket) == [f"waiting/{digest[:2]}/{digest[2:4]}/{digest}"]
    spool.discard(digest)
    spool.discard(digest)
    assert kept(bucket) == []
    with pytest.raises(spool.NotInSpool):
        spool.get(digest)


def test_putting_twice_and_at_once_keeps_one_copy(bucket: Any) -> None:
    picture = bytes(range(256)) * 400
    with ThreadPoolExecutor(6) as pool:
        digests = set(pool.map(spool.put, [picture] * 24))
    assert len(digests) == 1 and len(kept(bucket)) == 1
    assert spool.get(digests.pop()) == picture


def test_damaged_bytes_are_not_handed_out_and_a_new_put_of_other_bytes_is_not_troubled(bucket: Any) -> None:
    digest = spool.put(b"picture")
    bucket.Object(kept(bucket)[0]).put(Body=b"pic")
    with pytest.raises(spool.NotInSpool):
        spool.get(digest)
    assert spool.get(spool.put(b"another")) == b"another"


def test_an_object_that_goes_while_others_read_is_missing_and_nothing_else(bucket: Any) -> None:
    """Readers and a writer that discards, at once: whole bytes or NotInSpool, never an error of the store."""

    def read(_number: int) -> bytes | None:
        try:
            return spool.get(digest)
        except spool.NotInSpool:
            return None

    digest = spool.put(b"picture")
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(read, range(24))
        spool.discard(digest)
    assert set(answers) <= {b"picture", None}
    assert read(0) is None


def test_pictures_are_private_encrypted_and_never_given_a_signed_address(bucket: Any) -> None:
    spool.put(b"picture")
    (key,) = kept(bucket)
    assert bucket.Object(key).server_side_encryption == "AES256"
    grants = bucket.Object(key).Acl().grants
    assert not any("AllUsers" in grant["Grantee"].get("URI", "") for grant in grants)
    assert "Signature" not in storages["spool"].url(key)


def test_a_store_that_refuses_is_an_error_and_not_a_missing_picture(bucket: Any, settings: Any) -> None:
    """Otherwise ingest would forget pictures because somebody mistyped a bucket."""
    digest = spool.put(b"picture")
    wrong = {**settings.STORAGES["spool"]["OPTIONS"], "bucket_name": "another"}
    settings.STORAGES = {**settings.STORAGES, "spool": {**settings.STORAGES["spool"], "OPTIONS": wrong}}
    with pytest.raises(ClientError):
        spool.get(digest)


@pytest.mark.parametrize(
    "url",
    ["http://bucket/", "s3:///prefix", "s3://key:secret@bucket/", "s3://bucket:9000/", "s3://bucket/?endpoint=x"],
)
def test_a_bad_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"SPOOL_URL .*\."):
        spool_url.storage(url)


def test_an_address_gives_the_storage() -> None:
    entry = spool_url.storage("s3://faces/a/b/?endpoint_url=https://minio.example:9000&region=eu-west-1")
    assert entry["OPTIONS"] == {
        "bucket_name": "faces",
        "location": "a/b",
        "object_parameters": {},
        "endpoint_url": "https://minio.example:9000",
        "region_name": "eu-west-1",
    }
