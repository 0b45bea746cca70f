"""As much of a browser as single sign-on needs: cookies, redirects, forms that send themselves."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

MOST_STEPS = 12


class Form:
    """A form: where it goes, and what it holds."""

    def __init__(self, action, method, fields):
        self.action, self.method, self.fields = action, method, fields

    def having(self, **fields):
        """The same form with other values in it."""
        return Form(self.action, self.method, {**self.fields, **fields})


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.title, self._in_title = [], "", False

    def handle_starttag(self, tag, attributes):
        named = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append((named.get("action", ""), named.get("method", "get").lower(), {}))
        elif tag == "input" and self.forms and "name" in named:
            self.forms[-1][2][named["name"]] = named.get("value", "")
        elif tag == "title":
            self._in_title = True

    def handle_endtag(self, tag):
        if tag == "title":
            self._in_title = False

    def handle_data(self, data):
        if self._in_title:
            self.title += data


class Page:
    """What a server answered."""

    def __init__(self, answer):
        self.status, self.url, self.text = answer.status_code, answer.url, answer.text
        self.location = answer.headers.get("Location")
        self._answer = answer
        reader = _Reader()
        if "html" in answer.headers.get("Content-Type", ""):
            reader.feed(self.text)
        self.title = reader.title.strip()
        refresh = re.match(r"0; ?url=(.+)", answer.headers.get("Refresh", ""), re.IGNORECASE)
        self.refresh = refresh and refresh[1]
        self.forms = [Form(urljoin(self.url, a), m, f) for a, m, f in reader.forms]

    def json(self):
        return self._answer.json()

    def saml_form(self):
        """The form that carries a SAML message, if the page has one."""
        return next((f for f in self.forms if {"SAMLResponse", "SAMLRequest"} & set(f.fields)), None)


class Browser:
    """One browser with its own cookies."""

    def __init__(self):
        self._http = requests.Session()
        self._http.trust_env = False

    def twin(self):
        """Another browser with a copy of the cookies."""
        twin = Browser()
        for cookie in self._http.cookies:
            twin._http.cookies.set_cookie(cookie)
        return twin

    def get(self, url, origin=None):
        """Visits `url`, and nothing further."""
        return self._send("GET", url, None, origin)

    def post(self, form, origin):
        """Sends `form` from a page at `origin`, and nothing further."""
        return self._send("POST", form.action, form.fields, origin)

    def visit(self, url):
        """Visits `url` and follows redirects, up to a page that carries a message or says something."""
        return self.follow(self.get(url))

    def follow(self, page):
        """Follows redirects and pages that go on by themselves, but sends no form."""
        for _ in range(MOST_STEPS):
            if page.status in (302, 303):
                page = self.get(urljoin(page.url, page.location), page.url)
            elif page.refresh:
                page = self.get(urljoin(page.url, page.refresh), page.url)
            else:
                return page
        raise AssertionError("the browser is sent on and on")

    def _send(self, method, url, fields, origin):
        headers = {
            "Accept": "text/html,application/xhtml+xml",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
            "Sec-Fetch-Site": _site(origin, url),
        }
        if method == "POST":
            headers["Origin"] = "{0.scheme}://{0.netloc}".format(urlsplit(origin))
        answer = self._http.request(
            method, url, data=fields, headers=headers, allow_redirects=False, timeout=30
        )
        for cookie in self._http.cookies:
            # Browsers send `Secure` cookies to loopback addresses without TLS as well.
            cookie.secure = False
        return Page(answer)


def _site(origin, url):
    """What browsers say of where a request comes from."""
    if origin is None:
        return "none"
    # An identity provider stands at another site than the application. Here both are at loopback.
    return "same-origin" if urlsplit(origin).netloc == urlsplit(url).netloc else "cross-site"
