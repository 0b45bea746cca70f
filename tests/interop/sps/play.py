"""Rehearses service providers of others, and compares what comes of it with what is expected.

    play.py PROGRAM FOLDER [NAME...]

PROGRAM is `actix-saml`; FOLDER holds the installed packages, and gets keys, metadata, logs and reports.
`./run rehearse-others` installs what is needed and calls this. It ends with status 1 when any verdict
was another one than `expected/NAME.txt` says. With UPDATE_EXPECTED=1 it writes those files.
"""

import difflib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from programs import Running, free_port, keys  # noqa: E402

MODULES = Path("/usr/lib/apache2/modules")
METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
AS_EXPECTED = "as-expected"
VERDICTS = [AS_EXPECTED, "not-as-expected", "inconclusive", "not-applicable"]


class Sample:
    """A program of ours on somebody else's library. It takes a file of JSON."""

    metadata = "/metadata"
    # Cases that the comparison leaves out.
    left_out = ()

    def __init__(self, name, release, *program):
        self.name, self.release, self.program = name, release, program

    def command(self, setup, work):
        path = work / "setup.json"
        path.write_text(json.dumps(setup))
        return [*self.program, str(path)]


class Mellon:
    """Apache httpd with mod_auth_mellon, as a server of our own: the machine's is left alone."""

    name = "mod_auth_mellon"
    metadata = "/mellon/metadata"
    left_out = ("encrypted-reference",)
    page = (
        '<!doctype html><html lang="en"><title>Rota</title>'
        '<p>Rota of <!--#echo var="MAIL" --> (<!--#echo var="REMOTE_USER" -->)</p></html>\n'
    )

    def __init__(self, release):
        self.release = release

    def command(self, setup, work):
        pages = work / "pages"
        pages.mkdir()
        (pages / "rota.shtml").write_text(self.page)
        (pages / "index.html").write_text("<!doctype html><title>A sample</title>\n")
        # httpd's children read these as somebody else.
        for path in [work, pages, *pages.iterdir()]:
            path.chmod(0o755)
        text = (HERE / "mellon.conf").read_text()
        for name, value in {**setup, "folder": work, "modules": MODULES}.items():
            text = text.replace("{{" + name + "}}", str(value))
        (work / "httpd.conf").write_text(text)
        # It reads the machine's certificate authorities several times for each request, a quarter of
        # a second in all. They have no say here: nothing is TLS, and trust is in the metadata.
        without = ["env", "SSL_CERT_FILE=/dev/null", f"SSL_CERT_DIR={pages}"]
        return [*without, "apache2", "-f", str(work / "httpd.conf"), "-DFOREGROUND"]


def samples(folder):
    """All that are installed."""
    found = []
    python = folder / "rehearsed-python/bin/python"
    if python.exists():
        release = subprocess.run(
            [python, "-c", "from importlib.metadata import version; print(version('python3-saml'))"],
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout.strip()
        found.append(Sample("python3-saml", release, str(python), str(HERE / "sp_python3_saml.py")))
    package = folder / "rehearsed-npm/node_modules/@node-saml/node-saml/package.json"
    if package.exists():
        release = json.loads(package.read_text())["version"]
        found.append(Sample("node-saml", release, "node", str(HERE / "sp_node_saml.js")))
    if (MODULES / "mod_auth_mellon.so").exists() and shutil.which("apache2"):
        release = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", "libapache2-mod-auth-mellon"],
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout.strip()
        found.append(Mellon(release))
    return found


def of_metadata(path):
    """What a service provider that reads no metadata is told of the identity provider."""
    root = ElementTree.parse(path).getroot()
    idp = root.find(f"{METADATA}IDPSSODescriptor")
    redirect = next(
        service
        for service in idp.findall(f"{METADATA}SingleSignOnService")
        if service.get("Binding").endswith(":HTTP-Redirect")
    )
    certificates = [
        "".join(certificate.text.split())
        for descriptor in idp.findall(f"{METADATA}KeyDescriptor")
        if descriptor.get("use") != "encryption"
        for certificate in descriptor.iter(f"{SIGNATURE}X509Certificate")
    ]
    return {
        "idp_entity_id": root.get("entityID"),
        "idp_sso": redirect.get("Location"),
        "idp_certs": certificates,
    }


def rehearse(sample, program, folder):
    """Rehearses `sample`. Returns what its report says."""
    work = folder / "rehearsed" / sample.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    idp_metadata = work / "idp.xml"
    rehearsal = [program, "rehearse", "--keys", str(work / "idp-keys"), "--color", "never"]
    made = [*rehearsal, "--idp-metadata-out", str(idp_metadata)]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    base = f"http://localhost:{port}"
    key, cert = keys(program, work, "sp")
    setup = {
        "base": base,
        "port": port,
        "key": key,
        "cert": cert,
        "packages": str(folder / "rehearsed-npm"),
        "idp_metadata": str(idp_metadata),
        **of_metadata(idp_metadata),
    }
    sp_metadata, report = work / "sp.xml", work / "report.json"
    ready = f"http://127.0.0.1:{port}/"
    with Running(sample.command(setup, work), work / "sp.log", ready):
        with urllib.request.urlopen(base + sample.metadata, timeout=10) as answer:
            sp_metadata.write_bytes(answer.read())
        with open(work / "rehearsal.txt", "wb") as said:
            ended = subprocess.run(
                [*rehearsal, "--sp-metadata", str(sp_metadata), "--start", f"{base}/rota"]
                + ["--json", str(report), "--report", str(work / "report.html")],
                stdout=said,
                stderr=subprocess.STDOUT,
            )
    if ended.returncode not in (0, 1):
        sys.exit(f"{sample.name}: there was no rehearsal:\n{(work / 'rehearsal.txt').read_text()}")
    return json.loads(report.read_text())


def compared(sample, report):
    """The cases that are compared."""
    return [case for case in report["cases"] if case["id"] not in sample.left_out]


def differences(sample, cases):
    """How the verdicts differ from the expected ones, as lines. None is the good answer."""
    path = HERE / "expected" / f"{sample.name}.txt"
    found = [f"# {sample.name} {sample.release}\n"]
    found += [f"{case['verdict']} {case['id']}\n" for case in cases if case["verdict"] != AS_EXPECTED]
    if os.environ.get("UPDATE_EXPECTED"):
        path.write_text("".join(found))
    kept = path.read_text().splitlines(keepends=True) if path.exists() else []
    if kept and kept[0] != found[0]:
        print(f"  not compared: what is expected was written for {kept[0][2:].strip()}")
        return []
    return list(difflib.unified_diff(kept, found, f"expected/{path.name}", "what came of it", n=0))


def main():
    program, folder, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    os.umask(0o077)
    differ = played = 0
    for sample in samples(folder):
        if names and sample.name not in names:
            continue
        report = rehearse(sample, program, folder)
        played += 1
        cases = compared(sample, report)
        counted = Counter(case["verdict"] for case in cases)
        counts = ", ".join(f"{counted[verdict]} {verdict.replace('-', ' ')}" for verdict in VERDICTS)
        seconds = report["milliseconds"] / 1000
        print(f"{sample.name} {sample.release}: {counts}, in {seconds:.1f} s")
        if sample.left_out:
            print(f"  without {' and '.join(sample.left_out)}")
        lines = differences(sample, cases)
        changed = {line.split()[-1] for line in lines[2:] if line[0] in "+-"}
        sys.stdout.writelines(f"  {line}" for line in lines)
        for case in cases:
            if case["id"] in changed:
                print(f"  {case['id']} ({case['title']}): {case['saw']}")
        differ += bool(lines)
        print(f"  the reports are in {folder / 'rehearsed' / sample.name}", flush=True)
    missing = set(names) - {sample.name for sample in samples(folder)}
    if missing:
        print(f"not installed: {', '.join(sorted(missing))}")
    sys.exit(1 if differ or missing or not played else 0)


main()
