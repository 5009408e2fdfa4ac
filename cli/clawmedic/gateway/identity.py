"""The device identity with which clawmedic introduces itself where a version wants one (real-gateway.md).

4.15 gives a client without one no rights at all; 7.1 and 9.6 need none on loopback with the shared token.
"""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import describe, read_bounded
from clawmedic.errors import RefusedError
from clawmedic.gateway.frames import CLIENT, ROLE, SCOPES
from clawmedic.gateway.secret import Secret
from clawmedic.settings import World

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NAME = "device-key.pem"
_KEY_BYTES = 16 * 1024


class Identity(Struct, frozen=True):
    """An Ed25519 key pair. The device id is the SHA-256 of the raw public key in hex. The key is never shown."""

    _key: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"Identity({self.device_id})"

    @property
    def device_id(self) -> str:
        """The id under which the gateway pairs this device."""
        return hashlib.sha256(self._key.public_key().public_bytes_raw()).hexdigest()

    def introduce(self, *, token: Secret | None, nonce: str, signed_at: int) -> dict[str, str | int]:
        """The `device` object of `connect`, signed for this challenge. `signed_at` is epoch milliseconds."""
        text = signed_text(self.device_id, token.reveal() if token else "", nonce, signed_at)
        return {
            "id": self.device_id,
            "publicKey": _base64url(self._key.public_key().public_bytes_raw()),
            "signature": _base64url(self._key.sign(text.encode())),
            "signedAt": signed_at,
            "nonce": nonce,
        }


def signed_text(device_id: str, token: str, nonce: str, signed_at: int) -> str:
    """What is signed: form v3, fields by `|`; the last one is the device family, which we leave empty."""
    fields = ("v3", device_id, CLIENT["id"], CLIENT["mode"], ROLE, ",".join(SCOPES))
    return "|".join((*fields, str(signed_at), token, nonce, CLIENT["platform"], ""))


def identity_path(world: World) -> Path:
    """Where the key is kept: clawmedic's own state folder, one for all state directories."""
    return world.data_home / _NAME


def load_or_make_identity(world: World) -> Identity:
    """The identity kept in clawmedic's own state (mode 0600), made on first use.

    Raises:
        RefusedError: the file is there and holds no such key, others may read it, or the disk refuses.
    """
    path = identity_path(world)
    found = _load(path)
    if found is not None:
        return found
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = Ed25519PrivateKey.generate()
    write_atomically(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    return Identity(made)


def _load(path: Path) -> Identity | None:
    """The key in a file; None when there is no file."""
    try:
        data = read_bounded(path, _KEY_BYTES).data
        mode = os.stat(path).st_mode & 0o777  # noqa: PTH116 - beside read_bounded, one error for both
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RefusedError(f"{path} {describe(error)}") from error
    if mode & 0o077:
        raise RefusedError(f"{path} may be read by others (mode {mode:o})", hint=f"chmod 600 {path}")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key: object = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_private_key(data, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise RefusedError(f"{path} holds no device key", hint="move it away: a new one is made")
    return Identity(key)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
