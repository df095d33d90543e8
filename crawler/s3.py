"""The spool on an S3 store, through django-storages. Needs the extra `s3`; imported only where a bucket is named.

The bucket stays private: objects get no access list of their own (a bucket with "owner enforced" refuses any), and no
signed addresses are made. An object's name is the hash of its bytes, so writing it again changes nothing; were
overwriting off, a second put at the same moment would leave a copy under another name that nobody ever deletes.
"""

from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 30, 3


class SpoolStorage(S3Storage):  # type: ignore[misc]
    """S3Storage with our defaults, and a picture read in one request instead of three."""

    def get_default_settings(self) -> dict[str, Any]:
        return {
            **super().get_default_settings(),
            "file_overwrite": True,
            "default_acl": None,
            "querystring_auth": False,
            "gzip": False,
            # The writer of a crawl is one thread, and ingest a process: neither waits for minutes.
            "client_config": Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"max_attempts": ATTEMPTS, "mode": "standard"},
            ),
            "transfer_config": TransferConfig(use_threads=False),
        }

    def _open(self, name: str, mode: str = "rb") -> "ContentFile[bytes]":
        """Raises FileNotFoundError, also where the object goes between being looked up and being read."""
        if mode != "rb":
            raise ValueError("the spool is read whole, as bytes")
        key = self._normalize_name(clean_name(name))
        try:
            answer = self.connection.meta.client.get_object(Bucket=self.bucket_name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                raise FileNotFoundError(key) from None
            raise
        return ContentFile(answer["Body"].read(), name=name)
