"""A small service provider on python3-saml.

    sp_python3_saml.py SETUP

SETUP is a file of JSON: see `play.py`, which writes it. What is SAML about it is python3-saml's; this
file keeps sessions, and carries messages between it and the browser.
"""

import html
import json
import secrets
import sys
import time
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings

SETUP = json.loads(Path(sys.argv[1]).read_text())
BASE = SETUP["base"]
HOST = urlsplit(BASE).netloc
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
MAX_BODY = 500_000
MAX_KEPT = 1_000
SESSION_SECONDS = 8 * 3600


def settings():
    """What is told to python3-saml: ourselves, the provider's own metadata, and a strict reading."""
    ours = {
        "strict": True,
        "sp": {
            "entityId": f"{BASE}/metadata",
            "assertionConsumerService": {"url": f"{BASE}/acs"},
            "x509cert": Path(SETUP["cert"]).read_text(),
            "privateKey": Path(SETUP["key"]).read_text(),
        },
        "security": {
            "authnRequestsSigned": True,
            "wantAssertionsSigned": True,
            "rejectDeprecatedAlgorithm": True,
            # AD FS and Entra refuse the sign-in when the class that is asked for is not the one used.
            "requestedAuthnContext": False,
            # NHSmail need not send a NameID. Then an attribute says who it is.
            "wantNameId": False,
        },
    }
    theirs = OneLogin_Saml2_IdPMetadataParser.parse(Path(SETUP["idp_metadata"]).read_bytes())
    return OneLogin_Saml2_IdPMetadataParser.merge_settings(ours, theirs)


SETTINGS = OneLogin_Saml2_Settings(settings())
# By the handle in RelayState: whose browser it was, which request, and which page was wanted.
pending = {}
# By the value of the session's cookie: who it is, and until when.
sessions = {}


def keep(kept, key, value):
    """Files a value. The oldest goes when there are too many."""
    kept[key] = value
    while len(kept) > MAX_KEPT:
        kept.pop(next(iter(kept)), None)


class Application(BaseHTTPRequestHandler):
    """Two pages of SAML, and `/rota`, for which one must be signed in."""

    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/metadata":
            self.answer(200, SETTINGS.get_sp_metadata(), "application/samlmetadata+xml")
        elif path == "/rota" or path.startswith("/rota/"):
            self.show_rota()
        elif path == "/":
            self.answer_page(200, "A sample application.")
        else:
            self.answer_page(404, "There is nothing here.")

    def do_POST(self):
        form = self.form()
        if form is None:
            self.answer_page(413, "That is too long.")
        elif urlsplit(self.path).path == "/acs":
            self.finish_login(form)
        else:
            self.answer_page(404, "There is nothing here.")

    def show_rota(self):
        session = sessions.get(self.cookie("session"))
        if session and time.time() < session["until"]:
            self.answer_page(200, f"Rota of {session['person']}")
            return
        browser = self.cookie("login") or secrets.token_urlsafe(20)
        handle = secrets.token_urlsafe(20)
        auth = self.auth({})
        location = auth.login(return_to=handle)
        keep(pending, handle, (browser, auth.get_last_request_id(), self.path))
        # The answer comes from another site: browsers leave all but SameSite=None at home.
        self.redirect(location, f"login={browser}; Path=/; HttpOnly; Secure; SameSite=None")

    def finish_login(self, form):
        handle = form.get("RelayState", "")
        browser, request, page = pending.get(handle, (None, None, None))
        if not browser or browser != self.cookie("login"):
            self.refuse("no sign-in of this browser is under way")
            return
        auth = self.auth(form)
        try:
            auth.process_response(request_id=request)
        except OneLogin_Saml2_Error as error:
            self.refuse(error)
            return
        if auth.get_errors() or not auth.is_authenticated():
            self.refuse(auth.get_last_error_reason())
            return
        person = (
            (auth.get_attribute(f"{CLAIMS}/emailaddress") or [None])[0]
            or auth.get_nameid()
            or (auth.get_attribute(f"{CLAIMS}/upn") or [None])[0]
        )
        if not person:
            self.refuse("the response does not say who it is")
            return
        # Nothing else is between the look and this: one response, one session.
        if pending.pop(handle, None) is None:
            self.refuse("answered already")
            return
        until = time.time() + SESSION_SECONDS
        session = secrets.token_urlsafe(20)
        keep(sessions, session, {
            "person": person,
            "until": min(until, auth.get_session_expiration() or until),
        })
        self.redirect(page, f"session={session}; Path=/; HttpOnly; Secure; SameSite=Lax")

    def auth(self, form):
        """python3-saml's view of this request. The host is the configured one, whoever asks."""
        request = {
            "https": "off",
            "http_host": HOST,
            "script_name": urlsplit(self.path).path,
            "get_data": {},
            "post_data": form,
        }
        return OneLogin_Saml2_Auth(request, old_settings=SETTINGS)

    def form(self):
        """The fields of a form, without those that are there twice; None for what is too long."""
        try:
            left = max(0, int(self.headers.get("Content-Length", "0")))
        except ValueError:
            left = 0
        if left > MAX_BODY:
            # It is read and forgotten, so that the browser hears the answer.
            while left > 0 and (piece := self.rfile.read(min(left, 65_536))):
                left -= len(piece)
            return None
        body = self.rfile.read(left).decode("utf-8", "replace")
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            return {}
        try:
            fields = parse_qs(body, max_num_fields=20)
            return {name: values[0] for name, values in fields.items() if len(values) == 1}
        except ValueError:
            return {}

    def cookie(self, name):
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        except CookieError:
            return None
        return found.value if found else None

    def refuse(self, reason):
        self.log_message("refused: %s", reason)
        self.answer_page(400, "You are not signed in. Please go back to the rota and try again.")

    def redirect(self, location, cookie):
        self.send_response(303)
        self.send_header("Location", location)
        self.send_header("Set-Cookie", cookie)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_page(self, status, text):
        page = f'<!doctype html><html lang="en"><title>Rota</title><p>{html.escape(text)}</p></html>'
        self.answer(status, page.encode(), "text/html; charset=utf-8")

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", SETUP["port"]), Application).serve_forever()
