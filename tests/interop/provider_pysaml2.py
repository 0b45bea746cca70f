"""A small identity provider on pysaml2.

It signs in one invented person without asking. What is SAML about it is pysaml2's; this file only
carries messages between it and the browser.

    provider_pysaml2.py metadata SETUP    prints its metadata
    provider_pysaml2.py serve SETUP       serves until it is ended

SETUP is a file of JSON: see `play.py`, which writes it.
"""

import html
import json
import secrets
import sys
from functools import partial
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import saml2.entity
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAMEID_FORMAT_PERSISTENT
from saml2.samlp import response_from_string
from saml2.server import Server
from saml2.sigver import pre_encryption_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

# What pysaml2 is told to do with a response: the arguments of its `create_authn_response`.
PROTECTIONS = {
    "assertion signed": {"sign_assertion": True, "sign_response": False},
    "response signed": {"sign_assertion": False, "sign_response": True},
    "both signed": {"sign_assertion": True, "sign_response": True},
    "signed, then encrypted": {"sign_assertion": True, "sign_response": False, "encrypt_assertion": True},
    "signed, encrypted, signed": {"sign_assertion": True, "sign_response": True, "encrypt_assertion": True},
    "encrypted with Triple DES": {"sign_assertion": True, "sign_response": True, "encrypt_assertion": True},
}
AES256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"


def configuration(setup):
    base = setup["base"]
    own = {
        "entityid": f"{base}/metadata",
        "key_file": setup["key"],
        "cert_file": setup["cert"],
        "xmlsec_binary": setup["xmlsec1"],
        "service": {
            "idp": {
                "endpoints": {
                    "single_sign_on_service": [(f"{base}/sso", BINDING_HTTP_REDIRECT)],
                    "single_logout_service": [(f"{base}/slo", BINDING_HTTP_REDIRECT)],
                },
                "want_authn_requests_signed": True,
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
                "policy": {
                    "default": {
                        "lifetime": {"minutes": 5},
                        "attribute_restrictions": None,
                        "nameid_format": NAMEID_FORMAT_PERSISTENT,
                    }
                },
            }
        },
    }
    if setup.get("sp_metadata"):
        own["metadata"] = {"local": [setup["sp_metadata"]]}
    return IdPConfig().load(own)


def use_aes(server):
    """Has pysaml2 encrypt with AES-256-GCM. It has arguments for it, but none of its settings sets them."""
    saml2.entity.pre_encryption_part = partial(pre_encryption_part, msg_enc=AES256_GCM)
    encrypt = server.sec.encrypt_assertion
    server.sec.encrypt_assertion = partial(encrypt, key_type="aes-256")


class Provider(BaseHTTPRequestHandler):
    """One request of a browser."""

    server_version = "interop"

    def do_GET(self):
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        routes = {"/ready": self.ready, "/sso": self.sign_in, "/slo": self.log_out, "/end": self.end}
        route = routes.get(address.path)
        if route is None:
            self.answer(404, "There is nothing here.")
            return
        try:
            route(query)
        except Exception as error:  # What pysaml2 refuses must be seen by the play.
            self.answer(400, html.escape(f"{type(error).__name__}: {error}"))

    def ready(self, _query):
        self.answer(200, "ready")

    def sign_in(self, query):
        idp, person = self.server.idp, self.server.setup["person"]
        request = idp.parse_authn_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=query.get("RelayState"),
            sigalg=query.get("SigAlg"),
            signature=query.get("Signature"),
        )
        arguments = idp.response_args(request.message, [BINDING_HTTP_POST])
        response = idp.create_authn_response(
            identity={
                "mail": [person["mail"]],
                "givenName": [person["given_name"]],
                "sn": [person["surname"]],
            },
            userid=person["id"],
            in_response_to=arguments["in_response_to"],
            destination=arguments["destination"],
            sp_entity_id=arguments["sp_entity_id"],
            name_id_policy=arguments["name_id_policy"],
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": "interop"},
            **PROTECTIONS[self.server.setup["protection"]],
        )
        headers = {}
        assertions = response_from_string(str(response)).assertion
        if assertions:
            session = secrets.token_hex(16)
            statement = assertions[0].authn_statement[0]
            self.server.sessions[session] = (assertions[0].subject.name_id, statement.session_index)
            headers["Set-Cookie"] = f"interop-idp={session}; Path=/; HttpOnly"
        sent = idp.apply_binding(
            BINDING_HTTP_POST,
            str(response),
            arguments["destination"],
            query.get("RelayState", ""),
            response=True,
        )
        self.answer(200, sent["data"], headers)

    def log_out(self, query):
        if "SAMLResponse" in query:
            answer = self.server.idp.parse_logout_request_response(
                query["SAMLResponse"], BINDING_HTTP_REDIRECT
            )
            status = answer.response.status.status_code.value if answer else "none"
            self.answer(200, f"The application answered: {html.escape(status)}")
            return
        idp = self.server.idp
        request = idp.parse_logout_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=query.get("RelayState"),
            sigalg=query.get("SigAlg"),
            signature=query.get("Signature"),
        ).message
        known = self.server.sessions.pop(self.session(), None)
        if known is None or known[0].text != request.name_id.text:
            raise ValueError("nobody of that name is signed in here")
        binding, destination = idp.pick_binding(
            "single_logout_service", [BINDING_HTTP_REDIRECT], "spsso", request
        )
        response = idp.create_logout_response(request, [binding], sign=False)
        self.go_on(binding, response, destination, query.get("RelayState", ""), True)

    def end(self, _query):
        """Log-out that begins here."""
        idp = self.server.idp
        name_id, index = self.server.sessions.pop(self.session())
        entity_id = self.server.setup["sp_entity_id"]
        binding, destination = idp.pick_binding(
            "single_logout_service", [BINDING_HTTP_REDIRECT], "spsso", entity_id=entity_id
        )
        _, request = idp.create_logout_request(
            destination, entity_id, name_id=name_id, session_indexes=[index], sign=False
        )
        self.go_on(binding, request, destination, "", False)

    def go_on(self, binding, message, destination, relay_state, is_response):
        sent = self.server.idp.apply_binding(
            binding, str(message), destination, relay_state, response=is_response, sign=True
        )
        self.answer(303, "", {"Location": dict(sent["headers"])["Location"]})

    def session(self):
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("interop-idp")
        return cookie.value if cookie else None

    def answer(self, status, body, headers=None):
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Addresses hold messages: they stay out of the log."""


def main():
    command, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        setup = json.load(file)
    config = configuration(setup)
    if command == "metadata":
        print(create_metadata_string(None, config=config).decode())
        return
    server = HTTPServer(("127.0.0.1", setup["port"]), Provider)
    server.setup, server.idp, server.sessions = setup, Server(config=config), {}
    if setup["protection"] != "encrypted with Triple DES":
        use_aes(server.idp)
    server.serve_forever()


main()
