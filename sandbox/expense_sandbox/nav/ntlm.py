"""The server's half of an NTLM handshake: a challenge out, an answer in, verified. NTLMv2 only."""

from __future__ import annotations

import hmac
import secrets
import struct
import time
from dataclasses import dataclass

SIGNATURE = b"NTLMSSP\0"
NEGOTIATE_MESSAGE, CHALLENGE_MESSAGE, AUTHENTICATE_MESSAGE = 1, 2, 3

# Unicode, target name, NTLM, always sign, target is a domain, extended session security, target
# information, version, 128 bits, key exchange, 56 bits: what Windows servers answer with.
CHALLENGE_FLAGS = 0xE2898205
# Positions of the fields of an AUTHENTICATE_MESSAGE: length, maximum length, offset.
_NT_RESPONSE, _DOMAIN, _USER, _FLAGS = 20, 28, 36, 60
_UNICODE_FLAG = 0x00000001
_PROOF_LENGTH = 16
_NTLM_V1_LENGTH = 24
# Attributes of the target information.
_END, _COMPUTER, _NETBIOS_DOMAIN, _DNS_COMPUTER, _DNS_DOMAIN, _TIMESTAMP = 0, 1, 2, 3, 4, 7
_SECONDS_1601_TO_1970 = 11_644_473_600
_FILE_TIME_TICKS = 10_000_000


class NtlmError(Exception):
    """A token that is no NTLM message, or not the one that was due."""


def message_type(token: bytes) -> int:
    """Which of the three messages a token is.

    Raises:
        NtlmError: When it is none.
    """
    if not token.startswith(SIGNATURE) or len(token) < 12:  # noqa: PLR2004 - signature and type
        raise NtlmError("The token is not an NTLM message.")
    return int.from_bytes(token[8:12], "little")


@dataclass(frozen=True)
class Challenge:
    """What a server asks of one connection.

    Attributes:
        nonce: Eight random bytes that must not be used twice.
        domain: NetBIOS name of the server's domain.
    """

    nonce: bytes
    domain: str

    @classmethod
    def fresh(cls, domain: str) -> Challenge:
        """A challenge nobody has seen before."""
        return cls(secrets.token_bytes(8), domain)

    def message(self) -> bytes:
        """The CHALLENGE_MESSAGE."""
        name = self.domain.encode("utf-16-le")
        information = self._target_information()
        header_length = 56
        return (
            SIGNATURE
            + struct.pack("<I", CHALLENGE_MESSAGE)
            + struct.pack("<HHI", len(name), len(name), header_length)
            + struct.pack("<I", CHALLENGE_FLAGS)
            + self.nonce
            + bytes(8)
            + struct.pack("<HHI", len(information), len(information), header_length + len(name))
            + struct.pack("<BBHBBBB", 10, 0, 20348, 0, 0, 0, 15)  # version: Windows Server 2022
            + name
            + information
        )

    def _target_information(self) -> bytes:
        ticks = int((time.time() + _SECONDS_1601_TO_1970) * _FILE_TIME_TICKS)
        pairs = (
            (_NETBIOS_DOMAIN, self.domain.encode("utf-16-le")),
            (_COMPUTER, "NAV".encode("utf-16-le")),
            (_DNS_DOMAIN, f"{self.domain.lower()}.example".encode("utf-16-le")),
            (_DNS_COMPUTER, f"nav.{self.domain.lower()}.example".encode("utf-16-le")),
            (_TIMESTAMP, struct.pack("<Q", ticks)),
            (_END, b""),
        )
        return b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in pairs)

    def is_answered(self, token: bytes, username: str, password: str) -> bool:
        """Whether an AUTHENTICATE_MESSAGE proves that its sender knows the password.

        User names are compared without regard to case; a sender may leave the domain out.

        Raises:
            NtlmError: When the token is malformed, or anything but NTLMv2 in Unicode.
        """
        if message_type(token) != AUTHENTICATE_MESSAGE:
            raise NtlmError("An AUTHENTICATE_MESSAGE was due.")
        if len(token) < _FLAGS + 4:
            raise NtlmError("The AUTHENTICATE_MESSAGE is too short.")
        if not int.from_bytes(token[_FLAGS : _FLAGS + 4], "little") & _UNICODE_FLAG:
            raise NtlmError("Only Unicode is spoken here.")
        response = _field(token, _NT_RESPONSE)
        if len(response) <= _NTLM_V1_LENGTH:
            raise NtlmError("NTLMv1 is refused.")
        user = _field(token, _USER).decode("utf-16-le")
        domain = _field(token, _DOMAIN).decode("utf-16-le")
        if user.upper() != username.upper() or domain.upper() not in {"", self.domain.upper()}:
            return False
        key = hmac.digest(
            md4(password.encode("utf-16-le")), (user.upper() + domain).encode("utf-16-le"), "md5"
        )
        proof, blob = response[:_PROOF_LENGTH], response[_PROOF_LENGTH:]
        return hmac.compare_digest(hmac.digest(key, self.nonce + blob, "md5"), proof)


def _field(token: bytes, position: int) -> bytes:
    length, _, offset = struct.unpack_from("<HHI", token, position)
    value = token[offset : offset + length]
    if len(value) != length:
        raise NtlmError("A field of the message lies outside of it.")
    return value


def md4(data: bytes) -> bytes:
    """The MD4 digest of RFC 1320, which NTLM is built on and OpenSSL 3 no longer offers."""
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", len(data) * 8)
    for start in range(0, len(padded), 64):
        words = struct.unpack_from("<16I", padded, start)
        a, b, c, d = state
        for step in range(48):
            turn, index = divmod(step, 16)
            if turn == 0:
                mixed, word, shift = (b & c) | (~b & d), index, (3, 7, 11, 19)[index % 4]
            elif turn == 1:
                mixed = (b & c) | (b & d) | (c & d)
                word, shift = index % 4 * 4 + index // 4, (3, 5, 9, 13)[index % 4]
            else:
                mixed, word, shift = b ^ c ^ d, _THIRD_TURN[index], (3, 9, 11, 15)[index % 4]
            total = (a + mixed + words[word] + (0, 0x5A827999, 0x6ED9EBA1)[turn]) & 0xFFFFFFFF
            a, b, c, d = d, (total << shift | total >> (32 - shift)) & 0xFFFFFFFF, b, c
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d), strict=True)]
    return struct.pack("<4I", *state)


_THIRD_TURN = (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15)
"""Order in which MD4's third turn takes the words of a block."""
