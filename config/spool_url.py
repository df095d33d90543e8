"""Where fetched pictures wait: a folder, or for more than one machine a bucket of an S3 store."""

import importlib.util
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

# What may follow the `?` of a `SPOOL_URL`, and what the storage calls it.
_OPTIONS = {"endpoint_url": "endpoint_url", "region": "region_name"}
_ENCRYPTION = {"sse": "ServerSideEncryption", "kms_key_id": "SSEKMSKeyId"}


class BadSpoolUrl(ImproperlyConfigured):
    """Not an address of a bucket; the message is a sentence for the operator."""


def storage(url: str) -> dict[str, Any]:
    """The entry of Django's `STORAGES` for `s3://bucket/prefix?endpoint_url=…&region=…&sse=…&kms_key_id=…`.

    Keys come from the environment or the machine's role, as with every AWS client, and never from the URL, which
    ends up in logs. Raises BadSpoolUrl.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise BadSpoolUrl("SPOOL_URL must look like s3://bucket/prefix.")
    if "@" in parts.netloc or ":" in parts.netloc:
        raise BadSpoolUrl("SPOOL_URL names a bucket only; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := query.keys() - _OPTIONS.keys() - _ENCRYPTION.keys():
        known = ", ".join([*_OPTIONS, *_ENCRYPTION])
        raise BadSpoolUrl(f"SPOOL_URL has an unknown option {min(unknown)!r}; there are: {known}.")
    return {
        "BACKEND": "crawler.s3.SpoolStorage",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "object_parameters": {_ENCRYPTION[name]: query[name] for name in _ENCRYPTION if name in query},
            **{_OPTIONS[name]: query[name] for name in _OPTIONS if name in query},
        },
    }


def missing_packages() -> list[str]:
    """Those of the extra `s3` that are not installed."""
    return [name for name in ("storages", "boto3") if importlib.util.find_spec(name) is None]
