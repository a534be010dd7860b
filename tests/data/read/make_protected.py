#!/usr/bin/env python3
"""Encrypts workbooks of this folder with the standard password of spreadsheet programs, in all ways of [MS-OFFCRYPTO].

Where msoffcrypto-tool encrypts, it does; the other ways are written out here, and msoffcrypto-tool has to decrypt what
comes of them. Needs msoffcrypto-tool, olefile and cryptography. Run it in this folder.
"""
import hashlib
import io
import pathlib
import struct
import zipfile

import msoffcrypto
import olefile
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.ecma376_agile import ECMA376Agile

PASSWORD = "VelvetSweatshop"
UTF_16 = PASSWORD.encode("utf-16le")
SALT = bytes(range(16))
VERIFIER = bytes(range(100, 116))
NONE = 0xFFFFFFFF
END = 0xFFFFFFFE


def rc4(key, data):
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


def records(stream):
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield at, kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def with_file_pass(stream, file_pass):
    """The stream with the record behind the first; sheets begin later by so much."""
    out = bytearray()
    for at, kind, data in records(stream):
        data = bytearray(data)
        if kind == 0x85:
            struct.pack_into("<I", data, 0, struct.unpack_from("<I", data)[0] + 4 + len(file_pass))
        out += struct.pack("<HH", kind, len(data)) + data
        if at == 0:
            out += struct.pack("<HH", 0x2F, len(file_pass)) + file_pass
    return bytes(out)


def encrypted_stream(stream, way, bits):
    if way == "rc4":
        start = hashlib.md5((hashlib.md5(UTF_16).digest()[:5] + SALT) * 16).digest()[:5]
        key = lambda block: hashlib.md5(start + struct.pack("<I", block)).digest()
        secret = rc4(key(0), VERIFIER + hashlib.md5(VERIFIER).digest())
        file_pass = struct.pack("<HHH", 1, 1, 1) + SALT + secret
    elif way == "cryptoapi":
        start = hashlib.sha1(SALT + UTF_16).digest()

        def key(block):
            key = hashlib.sha1(start + struct.pack("<I", block)).digest()[: bits // 8]
            return key + bytes(11) if bits == 40 else key

        secret = rc4(key(0), VERIFIER + hashlib.sha1(VERIFIER).digest())
        name = "Microsoft Enhanced Cryptographic Provider v1.0\0".encode("utf-16le")
        header = struct.pack("<IIIIIIII", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0) + name
        file_pass = struct.pack("<HHHII", 1, 2, 2, 4, len(header)) + header
        file_pass += struct.pack("<I", 16) + SALT + secret[:16] + struct.pack("<I", 20) + secret[16:]
    else:
        file_pass = struct.pack("<HHH", 0, 0xB359, 0x9A0A)
    stream = with_file_pass(stream, file_pass)
    if way == "xor":
        characters = PASSWORD.encode() + b"\xBB"
        mixed = [c ^ (0xB3 if i % 2 else 0x59) for i, c in enumerate(characters)]
        array = [(b << 2 | b >> 6) & 255 for b in mixed]
    else:
        keys = b"".join(rc4(key(block), bytes(1024)) for block in range(len(stream) // 1024 + 1))
    out = bytearray(stream)
    for at, kind, data in records(stream):
        if kind in (0x809, 0x2F, 0x194, 0x195, 0xE1, 0x196, 0x138):
            continue
        for idx in range(4 if kind == 0x85 else 0, len(data)):
            place = at + 4 + idx
            if way == "xor":
                byte = stream[place] ^ array[(at + 4 + len(data) + idx) % 16]
                out[place] = (byte >> 3 | byte << 5) & 255
            else:
                out[place] = stream[place] ^ keys[place]
    return bytes(out)


def standard(package, bits):
    start = hashlib.sha1(SALT + UTF_16).digest()
    for i in range(50000):
        start = hashlib.sha1(struct.pack("<I", i) + start).digest()
    start = hashlib.sha1(start + bytes(4)).digest()
    half = lambda pad: hashlib.sha1(bytes(b ^ pad for b in start.ljust(64, b"\0"))).digest()
    aes = Cipher(algorithms.AES((half(0x36) + half(0x5C))[: bits // 8]), modes.ECB()).encryptor()
    encrypt = lambda data: aes.update(data.ljust((len(data) + 15) // 16 * 16, b"\0"))
    name = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16le")
    algorithm = {128: 0x660E, 192: 0x660F, 256: 0x6610}[bits]
    header = struct.pack("<IIIIIIII", 0x24, 0, algorithm, 0x8004, bits, 0x18, 0, 0) + name
    info = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header
    info += struct.pack("<I", 16) + SALT + encrypt(VERIFIER)
    info += struct.pack("<I", 20) + encrypt(hashlib.sha1(VERIFIER).digest())
    package = struct.pack("<Q", len(package)) + encrypt(package)
    # Shorter names come first.
    return ole2([("EncryptionInfo", info), ("EncryptedPackage", package)])


def ole2(streams):
    """A file of streams, none of them small."""
    table = [0xFFFFFFFD, END]
    content = b""
    starts = []
    for name, stream in streams:
        stream = stream.ljust(4096, b"\0")
        stream = stream.ljust((len(stream) + 511) // 512 * 512, b"\0")
        starts.append(len(table))
        table += range(len(table) + 1, len(table) + len(stream) // 512 + 1)
        table[-1] = END
        content += stream
    table += [NONE] * (128 - len(table))
    assert len(table) == 128
    head = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0, 0)

    def entry(name, kind, right, child, start, size):
        name = (name + "\0").encode("utf-16le")
        links = struct.pack("<HBBIII", len(name), kind, 1, NONE, right, child)
        return name.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, NONE, 1, END, 0)
    for idx, (name, stream) in enumerate(streams):
        right = idx + 2 if idx + 1 < len(streams) else NONE
        directory += entry(name, 2, right, NONE, starts[idx], max(len(stream), 4096))
    return head.ljust(512, b"\xFF") + struct.pack("<128I", *table) + directory.ljust(512, b"\0") + content


def text_document():
    """So long that it is no small stream either."""
    space = "http://schemas.openxmlformats.org"
    body = "<w:p/>" * 600
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{space}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{space}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, text in parts.items():
            package.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def decrypted(protected):
    file = msoffcrypto.OfficeFile(io.BytesIO(protected))
    file.load_key(password=PASSWORD)
    out = io.BytesIO()
    file.decrypt(out)
    return out.getvalue()


def main():
    xlsx = pathlib.Path("libreoffice.xlsx").read_bytes()
    xls = olefile.OleFileIO("libreoffice.xls").openstream("Workbook").read()
    # So long that it is no small stream, by empty records.
    xls = xls.ljust(6000, b"\0")
    for name, password in (("protected-agile", PASSWORD), ("other-password", "other")):
        with open(f"{name}.xlsx", "wb") as out:
            OOXMLFile(io.BytesIO(xlsx)).encrypt(password, out)
    assert decrypted(pathlib.Path("protected-agile.xlsx").read_bytes()) == xlsx
    encrypted = ECMA376Agile.encrypt(PASSWORD, io.BytesIO(text_document()))
    pathlib.Path("protected-agile.docx").write_bytes(encrypted)
    assert decrypted(encrypted) == text_document()
    for bits in (128, 256):
        protected = standard(xlsx, bits)
        assert decrypted(protected) == xlsx
        pathlib.Path(f"protected-standard-{bits}.xlsx").write_bytes(protected)
    for name, way, bits in (
        ("rc4", "rc4", 40),
        ("cryptoapi-40", "cryptoapi", 40),
        ("cryptoapi-128", "cryptoapi", 128),
        ("xor", "xor", 16),
    ):
        protected = ole2([("Workbook", encrypted_stream(xls, way, bits))])
        plain = olefile.OleFileIO(io.BytesIO(decrypted(protected))).openstream("Workbook").read()
        texts = [data for _, kind, data in records(plain) if kind == 0xFC]
        assert texts == [data for _, kind, data in records(xls) if kind == 0xFC], way
        pathlib.Path(f"protected-{name}.xls").write_bytes(protected)


if __name__ == "__main__":
    main()
