"""The Ed25519 device identity with which an operator introduces itself to a gateway."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class Identity:
    """A key pair; the device id is the SHA-256 of the raw public key in hex."""

    key: Ed25519PrivateKey

    @classmethod
    def load_or_create(cls, path: Path) -> Identity:
        """The identity kept in a PEM file, made on first use."""
        if path.exists():
            key = serialization.load_pem_private_key(path.read_bytes(), None)
            if not isinstance(key, Ed25519PrivateKey):
                message = f"{path} holds no Ed25519 key"
                raise TypeError(message)
            return cls(key)
        made = Ed25519PrivateKey.generate()
        formats = (
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(made.private_bytes(*formats))
        path.chmod(0o600)
        return cls(made)

    def sign(
        self, client: dict[str, str], role: str, scopes: Sequence[str], token: str, nonce: str
    ) -> dict[str, str | int]:
        """The `device` object of a `connect` call, signed over payload form v3 (empty device family)."""
        public = self.key.public_key().public_bytes_raw()
        device = hashlib.sha256(public).hexdigest()
        signed_at = int(time.time() * 1000)
        fields = (
            *("v3", device, client["id"], client["mode"], role, ",".join(scopes)),
            *(str(signed_at), token, nonce, client["platform"], ""),
        )
        return {
            "id": device,
            "publicKey": _base64url(public),
            "signature": _base64url(self.key.sign("|".join(fields).encode())),
            "signedAt": signed_at,
            "nonce": nonce,
        }


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
