"""An OpenID Connect issuer on loopback: `issuer.py PORT FOLDER` writes a certificate and tokens, and serves its key.

Some tokens have the claims that GitHub gives its jobs. The emulator evaluates a role's trust policy by these claims, without
checking the signature.
"""

import base64
import datetime
import http.server
import ipaddress
import json
import pathlib
import ssl
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PORT, FOLDER = int(sys.argv[1]), pathlib.Path(sys.argv[2])
ISSUER = f"https://127.0.0.1:{PORT}"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )


def token(key, **claims):
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "caller",
        "aud": "items",
        "scope": "items:all",
        "iat": now - 60,
        "exp": now + 7200,
    } | claims
    parts = [{"alg": "RS256", "typ": "JWT", "kid": "issuer"}, claims]
    signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{base64url(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


KEY = new_key()
NUMBERS = KEY.public_key().public_numbers()
DOCUMENTS = {
    "/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
    "/keys": {
        "keys": [
            {
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": "issuer",
                "n": base64url(NUMBERS.n.to_bytes(256, "big")),
                "e": base64url(NUMBERS.e.to_bytes(3, "big")),
            }
        ]
    },
}
TOKENS = {
    "good": token(KEY),
    "expired": token(KEY, exp=int(time.time()) - 600),
    "forged": token(new_key()),
    "foreign": token(KEY, aud="orders"),
    "unscoped": token(KEY, scope="items:none"),
}
GITHUB = {"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com"}
REPOSITORY = "repo:owner@1/name@2"
JOBS = [
    "main",
    "preview",
    "production",
    "production-approval",
    "production-suite",
    "pull_request",
    "staging",
    "staging-suite",
]
SUBJECTS = {job: job if job == "pull_request" else f"environment:{job}" for job in JOBS} | {
    "main": "ref:refs/heads/main"
}
TOKENS |= {job: token(KEY, **GITHUB, sub=f"{REPOSITORY}:{subject}") for job, subject in SUBJECTS.items()}
TOKENS |= {
    # A repository from before GitHub put ids into subjects, and another repository with the same name and a different id.
    "older": token(KEY, **GITHUB, sub="repo:owner/name:environment:production"),
    "fork": token(KEY, **GITHUB, sub="repo:owner@1/name@3:environment:production"),
}


class Documents(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        document = DOCUMENTS.get(self.path)
        self.send_response(200 if document else 404)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())


FOLDER.mkdir(parents=True, exist_ok=True)
(FOLDER / "certificate.pem").write_bytes(certificate(KEY).public_bytes(serialization.Encoding.PEM))
(FOLDER / "key.pem").write_bytes(
    KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
)
(FOLDER / "url").write_text(ISSUER)
for name, value in TOKENS.items():
    (FOLDER / name).write_text(value)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(FOLDER / "certificate.pem", FOLDER / "key.pem")
server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Documents)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
