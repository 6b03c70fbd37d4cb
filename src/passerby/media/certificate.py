"""Who signs a C2PA manifest: by a certificate of the user's, or one that is made for one file and forgotten.

What a certificate has to say: C2PA Technical Specification, X.509 certificates. By cryptography, which is in the extra
`c2pa`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from passerby.core.errors import OptionError

# From a day to a day that are the same for everybody: they must not tell when a file was made.
_FROM, _UNTIL = datetime(2020, 1, 1), datetime(2099, 1, 1)
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class Signer:
    """Who signs."""

    algorithm: str
    """As C2PA calls it: 'es256', …"""
    chain: bytes
    """The certificate and those above it, PEM."""
    key: bytes = field(repr=False)
    """PKCS #8, PEM."""


def signer_of(chain: Path, key: Path) -> Signer:
    """Who signs by a certificate of the user's.

    Raises:
        OptionError: a file cannot be read, is no certificate or no key that C2PA knows, or they do not belong
            together.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        certificates = x509.load_pem_x509_certificates(chain.read_bytes())
        secret = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise OptionError(
            f"cannot read {error.filename}: {error.strerror}; check --c2pa-cert and --c2pa-key"
        ) from error
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise OptionError(
            f"--c2pa-cert {chain} and --c2pa-key {key} must be PEM files, "
            "of a certificate and of its key without a password"
        ) from error
    if certificates[0].public_key() != secret.public_key():
        raise OptionError(f"--c2pa-key {key} is not the key of the first certificate in {chain}; give the one that is")
    return Signer(_algorithm(secret, key), chain.read_bytes(), _pem(secret))


def self_made() -> Signer:
    """Who signs by a certificate made now and forgotten afterwards.

    Nobody trusts it. It shows that a file was not changed since, and ties no file to another one or to a machine.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    above, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    named = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "passerby")
    names = [
        x509.Name([named, x509.NameAttribute(NameOID.COMMON_NAME, f"self-made, {what}")])
        for what in ("root", "for one file")
    ]
    certificates = []
    for name, key, is_root in zip(names, (above, own), (True, False), strict=True):
        builder = (
            x509.CertificateBuilder(names[0], name, key.public_key(), x509.random_serial_number(), _FROM, _UNTIL)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
            .add_extension(_usage(is_root), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
        )
        if not is_root:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purpose, critical=False)
        certificates.append(builder.sign(above, hashes.SHA256()))
    chain = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in reversed(certificates))
    return Signer("es256", chain, _pem(own))


def _usage(is_root: bool) -> Any:
    """What the key of a certificate is for: to sign other certificates, or manifests."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_root,
        key_cert_sign=is_root,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: Any) -> bytes:
    """A private key as C2PA wants it."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def _algorithm(key: Any, path: Path) -> str:
    """What C2PA calls signing by a private key, which was read from `path`."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise OptionError(
        f"--c2pa-key {path} is of a kind that C2PA does not know; "
        "give one of P-256, P-384, P-521, Ed25519, or RSA from 2048 bits"
    )
