"""Plays sign-in and sign-out between `actix-saml serve` and identity providers of others.

    play.py PROGRAM FOLDER

PROGRAM is `actix-saml`; FOLDER holds the installed packages, and gets keys, metadata and logs.
`./run interop` installs what is needed and calls this. It ends with status 1 when any answer was
another one than is expected here.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.request
from importlib.metadata import version
from pathlib import Path

import cases
from browser import Browser
from programs import Running, free_port, keys

HERE = Path(__file__).parent
PERSON = {
    "id": "a1f0c7e2-test-user1",
    "mail": "test.user1@nhs.net",
    "given_name": "Test",
    "surname": "User1",
}


class Provider:
    """One of the identity providers: a program that takes a command and the file of the play."""

    ready = "/ready"
    # Where a log-out begins that is its own, and where that ends when all went well.
    end, ended = "/end", "/slo"
    # Whether the page after that shows the status of our answer.
    shows_status = True

    def __init__(self, name, release, program, protections):
        self.name, self.release = name, release
        self.program, self.protections = program, protections

    def metadata(self, setup_file, _port):
        """The command that prints its metadata."""
        return [*self.program, "metadata", setup_file]

    def serve(self, setup_file, _port):
        """The command that serves."""
        return [*self.program, "serve", setup_file]


class SimpleSamlPhp(Provider):
    """SimpleSAMLphp as it is, in the web server that PHP has for trials."""

    ready = ended = "/saml2/idp/metadata.php"
    end = f"/saml2/idp/SingleLogoutService.php?ReturnTo={ended}"
    shows_status = False

    def __init__(self, folder, protections):
        release = (folder / "release").read_text().strip()
        super().__init__("SimpleSAMLphp", release, [], protections)
        self._www = folder / "usr/share/simplesamlphp/www"

    def _command(self, setup_file, *arguments, **variables):
        variables["SIMPLESAMLPHP_CONFIG_DIR"] = HERE / "simplesamlphp"
        variables["INTEROP_SETUP"] = setup_file
        variables = [f"{name}={value}" for name, value in variables.items()]
        return ["env", "-C", str(self._www / "saml2/idp"), *variables, "php", *arguments]

    def metadata(self, setup_file, port):
        # Without a server, PHP takes what a server would say from the environment.
        host = {"HTTP_HOST": f"127.0.0.1:{port}", "SERVER_PORT": port, "REQUEST_URI": self.ready}
        return self._command(setup_file, "metadata.php", **host)

    def serve(self, setup_file, port):
        return self._command(setup_file, "-S", f"127.0.0.1:{port}", "-t", str(self._www))


def providers(folder):
    """All that are installed, with the ways to protect a response in which each is played."""
    ways = [
        "assertion signed",
        "response signed",
        "both signed",
        "signed, then encrypted",
        "signed, encrypted, signed",
    ]
    samlp = json.loads((folder / "npm/node_modules/samlp/package.json").read_text())["version"]
    found = [
        Provider(
            "pysaml2",
            version("pysaml2"),
            [sys.executable, str(HERE / "provider_pysaml2.py")],
            [*ways, "encrypted with Triple DES"],
        ),
        Provider("samlp", samlp, ["node", "--no-deprecation", str(HERE / "provider_samlp.js")], ways),
    ]
    php = folder / "simplesamlphp"
    if (php / "release").exists():
        found.append(SimpleSamlPhp(php, ways))
    return found


class Stage:
    """What a case needs to know of the play."""

    def __init__(self, sp, idp, provider, log):
        self.sp, self.idp, self.provider, self.log = sp, idp, provider, log
        self.person = PERSON

    def browser(self):
        return Browser()

    def refusals(self):
        """The codes of the refusals that the application has logged so far."""
        return cases.codes(self.log.read_text(errors="replace"))


def play(provider, program, folder):
    """Plays every case against `provider`. Returns what came of each."""
    work = folder / "work" / provider.name
    shutil.rmtree(work, ignore_errors=True)
    (work / "tmp").mkdir(parents=True)
    sp_port, idp_port = free_port(), free_port()
    sp, idp = f"http://127.0.0.1:{sp_port}", f"http://127.0.0.1:{idp_port}"
    sign_key, sign_cert = keys(program, work, "sp-signing")
    open_key, open_cert = keys(program, work, "sp-encryption", "encryption")
    idp_key, idp_cert = keys(program, work, "idp-signing")
    setup = {
        "base": idp,
        "port": idp_port,
        "key": idp_key,
        "cert": idp_cert,
        "xmlsec1": shutil.which("xmlsec1"),
        "packages": str(folder / "npm"),
        "work": str(work),
        "secret": secrets.token_hex(16),
        "person": PERSON,
        "sp_entity_id": f"{sp}/saml/metadata",
        "sp_acs": f"{sp}/saml/acs",
        "sp_slo": f"{sp}/saml/slo",
        "sp_signing_cert": sign_cert,
        "sp_encryption_cert": open_cert,
    }
    setup_file, sp_metadata = work / "setup.json", work / "sp.xml"
    setup_file.write_text(json.dumps(setup))
    made = subprocess.run(
        provider.metadata(str(setup_file), idp_port), check=True, stdout=subprocess.PIPE
    )
    (work / "idp.xml").write_bytes(made.stdout)
    (work / "saml.toml").write_text(
        f'base_url = "{sp}"\n'
        f'entity_id = "{sp}/saml/metadata"\n'
        f'listen = "127.0.0.1:{sp_port}"\n'
        "dev = true\n"
        '[[idp]]\nmetadata = "idp.xml"\n'
        "[keys]\n"
        f'signing_key = "{sign_key}"\nsigning_cert = "{sign_cert}"\n'
        f'decryption_keys = ["{open_key}"]\nencryption_cert = "{open_cert}"\n'
    )
    results = []
    log = work / "actix-saml.log"
    serve = [program, "serve", "--config", str(work / "saml.toml")]
    with Running(serve, log, f"{sp}/health/live"):
        with urllib.request.urlopen(f"{sp}/saml/metadata", timeout=10) as answer:
            sp_metadata.write_bytes(answer.read())
        for number, protection in enumerate(provider.protections):
            setup_file.write_text(
                json.dumps({**setup, "protection": protection, "sp_metadata": str(sp_metadata)})
            )
            command = provider.serve(str(setup_file), idp_port)
            with Running(command, work / f"idp-{number}.log", idp + provider.ready):
                stage = Stage(sp, idp, provider, log)
                for case in cases.of(protection):
                    results.append((provider, protection, case.title, case.run(stage)))
    return results


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    os.umask(0o077)
    failed = total = 0
    for provider in providers(folder):
        print(f"\n{provider.name} {provider.release}")
        for _, protection, title, trouble in play(provider, program, folder):
            total += 1
            failed += trouble is not None
            verdict = "ok    " if trouble is None else "FAILED"
            print(f"  {verdict} {protection}: {title}")
            if trouble is not None:
                print(f"         {trouble}")
    print(f"\n{total - failed} passed, {failed} failed")
    sys.exit(1 if failed or not total else 0)


main()
