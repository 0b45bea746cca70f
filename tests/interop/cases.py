"""What is played, and what must come of it."""

import base64
import re
from urllib.parse import urljoin

REFUSED = "We could not sign you in"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


class Case:
    """One thing that is played."""

    def __init__(self, title, act):
        self.title, self._act = title, act

    def run(self, stage):
        """Plays it. Returns nothing when all was as it must be, else what was not."""
        try:
            self._act(stage)
        except AssertionError as error:
            return str(error)
        return None


def of(protection):
    """The cases for responses that are protected in this way."""
    if protection == "encrypted with Triple DES":
        return [Case("refused, for the cipher is not authenticated", triple_des_is_refused)]
    cases = [
        Case("the identity provider takes our request, and not one that was changed", request),
        Case("the person is signed in", sign_in),
        Case("the same response once more is refused", replay),
        Case("a stranger's browser gets nothing by it", stray),
    ]
    if "encrypted" in protection:
        is_signed = protection.endswith("encrypted, signed")
        change = changed_signed_ciphertext if is_signed else changed_ciphertext
        return [*cases, Case("with another ciphertext it is refused", change)]
    return [
        *cases,
        Case("with another person in it it is refused", changed_person),
        Case("without its signatures it is refused", unsigned),
        Case("the person signs out here and there", sign_out),
        Case("the identity provider signs the person out", signed_out_from_there),
    ]


def codes(log):
    """The codes of the refusals in a log of the application."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    return re.findall(r'event="sign_in_refused" code="([a-z0-9_]+)"', plain)


def expect(what, is_value, value):
    if is_value != value:
        raise AssertionError(f"{what}: {is_value!r}, and not {value!r}")


def begun(stage, browser):
    """Begins a sign-in. Returns the form with which the identity provider answers."""
    page = browser.visit(f"{stage.sp}/saml/login?return_to=/whoami")
    form = page.saml_form()
    if form is None:
        raise AssertionError(f"no response of the identity provider: {page.status} {page.text[:300]}")
    expect("where the response goes", form.action, f"{stage.sp}/saml/acs")
    return form


def finished(stage, browser, form):
    """Hands in a response that must be accepted."""
    answer = browser.post(form, stage.idp)
    expect("status", (answer.status, answer.title), (303, ""))
    expect("the way on", urljoin(answer.url, answer.location), f"{stage.sp}/whoami")
    return answer


def expect_nobody(stage, browser):
    expect("status of /whoami", browser.get(f"{stage.sp}/whoami").status, 401)


def expect_person(stage, browser):
    page = browser.get(f"{stage.sp}/whoami")
    expect("status of /whoami", page.status, 200)
    person = page.json()
    expect("the issuer", person["issuer"], f"{stage.idp}/metadata")
    values = [value for attribute in person["attributes"] for value in attribute["values"]]
    for key in ("mail", "given_name", "surname"):
        if stage.person[key] not in values:
            raise AssertionError(f"{key} is not among the attributes: {values}")


def expect_refused(stage, browser, form, code, title=REFUSED):
    """Hands in a response that must be refused: the title is for the person, the code for the log."""
    before = len(stage.refusals())
    answer = browser.post(form, stage.idp)
    expect("the answer", (answer.status, answer.title), (403, title))
    expect("the reason in the log", stage.refusals()[before:], [code])
    expect_nobody(stage, browser)


def changed(form, change):
    """`form` with its response changed, which must have made a difference."""
    response = base64.b64decode(form.fields["SAMLResponse"]).decode()
    other = change(response)
    if other == response:
        raise AssertionError("there was nothing to change in the response")
    return form.having(SAMLResponse=base64.b64encode(other.encode()).decode())


def request(stage):
    browser = stage.browser()
    page = browser.get(f"{stage.sp}/saml/login?return_to=/whoami")
    expect("status", page.status, 303)
    address, signature = page.location.split("&Signature=")
    letter = "A" if signature[20] != "A" else "B"
    other = f"{address}&Signature={signature[:20]}{letter}{signature[21:]}"
    for what, url, answers in [("a changed request", other, False), ("ours", page.location, True)]:
        form = browser.get(url, page.url).saml_form()
        expect(f"whether {what} has a response", form is not None, answers)


def sign_in(stage):
    browser = stage.browser()
    expect_nobody(stage, browser)
    finished(stage, browser, begun(stage, browser))
    expect_person(stage, browser)


def replay(stage):
    browser = stage.browser()
    form = begun(stage, browser)
    # It has all that the first one has, and is a little later.
    twin = browser.twin()
    finished(stage, browser, form)
    expect_refused(stage, twin, form, "replayed", "That sign-in has already been used")
    expect_person(stage, browser)


def stray(stage):
    form = begun(stage, stage.browser())
    title = "That sign-in is no longer open"
    expect_refused(stage, stage.browser(), form, "no_pending_login", title)


def changed_person(stage):
    browser = stage.browser()
    form = begun(stage, browser)
    other = changed(form, lambda text: text.replace(stage.person["mail"], "test.user2@nhs.net"))
    expect_refused(stage, browser, other, "digest_mismatch")


def unsigned(stage):
    browser = stage.browser()
    form = begun(stage, browser)
    pattern = re.compile(r"<(\w+:)?Signature[ >].*?</(\w+:)?Signature>", re.DOTALL)
    other = changed(form, lambda text: pattern.sub("", text))
    expect_refused(stage, browser, other, "unsigned")


def changed_ciphertext(stage):
    change_ciphertext(stage, "decryption_failed")


def changed_signed_ciphertext(stage):
    change_ciphertext(stage, "digest_mismatch")


def change_ciphertext(stage, code):
    browser = stage.browser()
    form = begun(stage, browser)

    def change(text):
        # The longest is the assertion, the other one its key.
        values = list(re.finditer(r"CipherValue>([^<]+)<", text))
        place = max(values, key=lambda value: len(value[1])).start(1) + 100
        letter = "A" if text[place] != "A" else "B"
        return text[:place] + letter + text[place + 1 :]

    expect_refused(stage, browser, changed(form, change), code)


def triple_des_is_refused(stage):
    browser = stage.browser()
    form = begun(stage, browser)
    response = base64.b64decode(form.fields["SAMLResponse"]).decode()
    if "http://www.w3.org/2001/04/xmlenc#tripledes-cbc" not in response:
        raise AssertionError("the response is not encrypted with Triple DES")
    expect_refused(stage, browser, form, "encryption_algorithm")


def sign_out(stage):
    browser = stage.browser()
    finished(stage, browser, begun(stage, browser))
    expect_person(stage, browser)
    question = browser.get(f"{stage.sp}/saml/logout")
    last = browser.follow(browser.post(question.forms[0], question.url))
    expect("the last page", (last.status, last.title), (200, "Signed out"))
    if "signed out of this service and of the sign-in service" not in last.text:
        raise AssertionError(f"the page does not say that both are done: {last.text[-900:]}")
    expect_nobody(stage, browser)


def signed_out_from_there(stage):
    browser = stage.browser()
    finished(stage, browser, begun(stage, browser))
    expect_person(stage, browser)
    last = browser.visit(stage.idp + stage.provider.end)
    expect("status of the last page", last.status, 200)
    expect("where it ends", last.url.split("?")[0], stage.idp + stage.provider.ended)
    if stage.provider.shows_status and SUCCESS not in last.text:
        raise AssertionError(f"the identity provider did not get our success: {last.text[:300]}")
    expect_nobody(stage, browser)
