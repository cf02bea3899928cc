"""`tykpp bundle …`: bundles that the original gateway's rules accept, made and checked with OpenSSL's own tools."""
import base64
import hashlib
import json
import os
import stat
import subprocess
import zipfile

import pytest

from support.gateway import BINARY

MANIFEST = {"file_list": ["middleware.py", "rules/deep/limits.py"],
            "custom_middleware": {"driver": "python", "pre": [{"name": "Pre"}], "auth_check": {"name": "Auth"}}}
CONTENT = b"from rules.deep import limits\n" + b"LIMIT = 3\n"


def tykpp(folder, *arguments, stdin="", env=None):
    done = subprocess.run([str(BINARY), "bundle", *map(str, arguments)], cwd=folder, input=stdin, text=True,
                          capture_output=True, timeout=60, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, MANIFEST)
    (tmp_path / "middleware.py").write_bytes(CONTENT[:30])
    (tmp_path / "rules/deep").mkdir(parents=True)
    (tmp_path / "rules/deep/limits.py").write_bytes(CONTENT[30:])
    return tmp_path


def write(folder, manifest):
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """RSA keys by OpenSSL, in both forms of each half."""
    made = tmp_path_factory.mktemp("keys")
    openssl(made, "genrsa", "-traditional", "-out", "pkcs1.pem", "2048")
    openssl(made, "pkcs8", "-topk8", "-nocrypt", "-in", "pkcs1.pem", "-out", "pkcs8.pem")
    openssl(made, "rsa", "-in", "pkcs1.pem", "-pubout", "-out", "public.pem")
    openssl(made, "rsa", "-in", "pkcs1.pem", "-RSAPublicKey_out", "-out", "public1.pem")
    openssl(made, "genrsa", "-out", "other.pem", "2048")
    openssl(made, "rsa", "-in", "other.pem", "-pubout", "-out", "other-public.pem")
    openssl(made, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.pem")
    return made


def manifest_of(bundle):
    with zipfile.ZipFile(bundle) as archive:
        return json.loads(archive.read("manifest.json"))


def test_the_bundle_has_the_listed_files_and_the_manifest_last(folder):
    code, _, err = tykpp(folder, "build", "-y")
    assert code == 0, err
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["middleware.py", "rules/", "rules/deep/", "rules/deep/limits.py", "manifest.json"]
        assert b"".join(archive.read(name) for name in MANIFEST["file_list"]) == CONTENT
    manifest = manifest_of(folder / "bundle.zip")
    assert manifest["file_list"] == MANIFEST["file_list"]
    assert manifest["checksum"] == hashlib.md5(CONTENT).hexdigest()
    assert manifest["signature"] == ""
    assert manifest["sha256"]["middleware.py"] == hashlib.sha256(CONTENT[:30]).hexdigest()
    assert (folder / "bundle.zip").stat().st_mode & stat.S_IXUSR


def test_all_fields_of_custom_middleware_are_written_out_and_unknown_ones_kept(folder):
    custom = {**MANIFEST["custom_middleware"], "pre": [{"name": "Pre", "timeout_ms": 50, "driver": "lua"}], "ours": 1}
    write(folder, {**MANIFEST, "custom_middleware": custom, "note": "kept"})
    assert tykpp(folder, "build", "-y")[0] == 0
    manifest = manifest_of(folder / "bundle.zip")
    assert manifest["note"] == "kept" and manifest["custom_middleware"]["ours"] == 1
    assert manifest["custom_middleware"]["pre"] == [{"disabled": False, "name": "Pre", "path": "", "require_session": False,
                                                     "raw_body_only": False, "timeout_ms": 50, "driver": "lua"}]
    assert {"post", "post_key_auth", "response", "auth_check", "traffic_logs", "driver",
            "id_extractor"} <= manifest["custom_middleware"].keys()


def test_the_texts_are_those_that_scripts_look_for(folder):
    _, _, err = tykpp(folder, "build", "-y")
    size = (folder / "bundle.zip").stat().st_size
    for text in ("Building bundle using 'manifest.json'", "Using default bundle path 'bundle.zip'",
                 "The bundle will be unsigned", f"Wrote 'bundle.zip' ({size} bytes)"):
        assert text in err


def test_the_same_input_gives_the_same_bytes(folder, keys):
    results = set()
    for zone in ("Asia/Tokyo", "America/Lima"):
        os.utime(folder / "middleware.py", (1, len(results) * 100000))
        (folder / "middleware.py").chmod(0o600 if results else 0o755)
        code, _, err = tykpp(folder, "build", "-o", "out.zip", "-k", keys / "pkcs1.pem", env={"TZ": zone})
        assert code == 0, err
        results.add((folder / "out.zip").read_bytes())
    assert len(results) == 1


@pytest.mark.parametrize("key", ["pkcs1.pem", "pkcs8.pem"])
def test_openssl_verifies_the_signature(folder, keys, key):
    code, _, err = tykpp(folder, "build", "-o", "signed.zip", "-k", keys / key)
    assert code == 0 and f"Signing bundle with key '{keys / key}'" in err
    (folder / "signature").write_bytes(base64.b64decode(manifest_of(folder / "signed.zip")["signature"], validate=True))
    (folder / "content").write_bytes(CONTENT)
    openssl(folder, "dgst", "-sha256", "-verify", str(keys / "public.pem"), "-signature", "signature", "content")


def test_a_signature_by_openssl_verifies(folder, keys):
    (folder / "content").write_bytes(CONTENT)
    openssl(folder, "dgst", "-sha256", "-sign", str(keys / "pkcs1.pem"), "-out", "signature", "content")
    signed = {**MANIFEST, "checksum": hashlib.md5(CONTENT).hexdigest(),
              "signature": base64.b64encode((folder / "signature").read_bytes()).decode()}
    with zipfile.ZipFile(folder / "by-hand.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(signed))
        for name in MANIFEST["file_list"]:
            archive.write(folder / name, name)
    for public in ("public.pem", "public1.pem"):
        code, out, err = tykpp(folder, "verify", "by-hand.zip", "--public-key", keys / public)
        assert code == 0 and "signature: good" in out, err
    code, _, err = tykpp(folder, "verify", "by-hand.zip", "--public-key", keys / "other-public.pem")
    assert code == 1 and "crypto/rsa: verification error" in err


@pytest.mark.parametrize("flags", [["-output", "x.zip", "-key"], ["--output=x.zip", "--key"], ["-o", "x.zip", "-k"],
                                   ["-output=x.zip", "-key"]])
def test_every_spelling_of_the_flags(folder, keys, flags):
    code, _, err = tykpp(folder, "build", "-manifest", "manifest.json", *flags, keys / "pkcs1.pem")
    assert code == 0 and manifest_of(folder / "x.zip")["signature"], err
    assert "default bundle path" not in err


@pytest.mark.parametrize("answer, code", [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1), ("no yes\n", 1)])
def test_without_a_key_it_asks(folder, answer, code):
    done, _, err = tykpp(folder, "build", stdin=answer)
    assert done == code
    assert 'The bundle will be unsigned, type \\"y\\" or \\"yes\\" to confirm:' in err
    assert ("Aborting" in err) == (code == 1)
    assert (folder / "bundle.zip").exists() == (code == 0)


@pytest.mark.parametrize("manifest, text", [
    ("{not json", "no valid JSON"),
    ({**MANIFEST, "file_list": ["middleware.py", "absent.py"]}, "Referencing a nonexistent file: absent.py"),
    ({**MANIFEST, "file_list": ["rules"]}, "Referencing a nonexistent file: rules"),
    ({**MANIFEST, "file_list": ["../manifest.json"]}, "invalid file path"),
    ({**MANIFEST, "custom_middleware": {"driver": "python"}}, "No hooks defined"),
    ({**MANIFEST, "custom_middleware": {"driver": "", "auth_check": {"name": ""}}}, "No hooks defined"),
    ({**MANIFEST, "custom_middleware": {"pre": [{"name": "Pre"}]}}, "No driver specified")])
def test_what_is_wrong_with_the_manifest_is_said_and_nothing_written(folder, manifest, text):
    (folder / "manifest.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    code, _, err = tykpp(folder, "build", "-y")
    assert code == 1 and text in err
    assert not (folder / "bundle.zip").exists()


def test_a_manifest_that_is_not_there(folder):
    code, _, err = tykpp(folder, "build", "-y", "-m", "absent.json")
    assert code == 1 and "Couldn't load manifest file" in err


def test_files_are_relative_to_the_working_directory_not_to_the_manifest(folder):
    (folder / "conf").mkdir()
    (folder / "manifest.json").rename(folder / "conf/manifest.json")
    assert tykpp(folder, "build", "-y", "-m", "conf/manifest.json")[0] == 0


@pytest.mark.parametrize("key, text", [("absent.pem", "can't read the key file"), ("ec.pem", "ssh: unsupported key type"),
                                       ("public.pem", "ssh: unsupported key type")])
def test_a_key_that_cannot_sign(folder, keys, key, text):
    code, _, err = tykpp(folder, "build", "-k", keys / key)
    assert code == 1 and text in err
    assert not (folder / "bundle.zip").exists()


def test_verify_finds_changed_content(folder, keys):
    assert tykpp(folder, "build", "-o", "good.zip", "-k", keys / "pkcs1.pem")[0] == 0
    with zipfile.ZipFile(folder / "good.zip") as good, zipfile.ZipFile(folder / "changed.zip", "w") as changed:
        for name in good.namelist():
            changed.writestr(name, good.read(name).replace(b"LIMIT = 3", b"LIMIT = 4"))
    code, out, err = tykpp(folder, "verify", "changed.zip")
    assert code == 1 and "invalid checksum" in err and not out


def test_verify_without_a_key_says_that_nobody_looked_at_the_signature(folder, keys):
    assert tykpp(folder, "build", "-o", "signed.zip", "-k", keys / "pkcs1.pem")[0] == 0
    assert "signature: not checked" in tykpp(folder, "verify", "signed.zip")[1]
    assert tykpp(folder, "build", "-y", "-o", "plain.zip")[0] == 0
    assert "signature: none" in tykpp(folder, "verify", "plain.zip")[1]
    code, _, err = tykpp(folder, "verify", "plain.zip", "--public-key", keys / "public.pem")
    assert code == 1 and "Bundle isn't signed" in err


def test_inspect_lists_hooks_and_files(folder):
    assert tykpp(folder, "build", "-y")[0] == 0
    with zipfile.ZipFile(folder / "bundle.zip", "a") as archive:
        archive.writestr("extra.py", "")
    code, out, _ = tykpp(folder, "inspect", "bundle.zip")
    assert code == 0
    for text in ("driver: python", "pre: Pre", "auth_check: Auth", "(good)", "signed: no", "middleware.py  30 bytes",
                 hashlib.sha256(CONTENT[30:]).hexdigest(), "extra.py  0 bytes  not in file_list"):
        assert text in out


@pytest.mark.parametrize("word", ["verify", "inspect"])
def test_files_that_are_no_bundles_are_named(folder, word):
    (folder / "text.zip").write_text("this is no archive")
    assert "not a valid zip file" in tykpp(folder, word, "text.zip")[2]
    code, _, err = tykpp(folder, word, "absent.zip")
    assert code == 1 and "absent.zip" in err


def test_keygen_makes_keys_that_openssl_reads_and_overwrites_none(folder):
    code, out, _ = tykpp(folder, "keygen", "--bits", "2048")
    assert code == 0 and "private.pem" in out
    assert (folder / "private.pem").stat().st_mode & 0o777 == 0o600
    openssl(folder, "rsa", "-in", "private.pem", "-check", "-noout")
    openssl(folder, "rsa", "-pubin", "-in", "public.pem", "-noout")
    assert tykpp(folder, "build", "-k", "private.pem")[0] == 0
    assert tykpp(folder, "verify", "bundle.zip", "--public-key", "public.pem")[0] == 0
    before = (folder / "private.pem").read_bytes()
    assert tykpp(folder, "keygen")[0] == 1
    assert (folder / "private.pem").read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["build", "--no-such-flag"], ["verify"], ["keygen", "--bits", "512"], ["nonsense"]])
def test_bad_command_lines_exit_1_with_a_message(folder, arguments):
    code, _, err = tykpp(folder, *arguments)
    assert code == 1 and err.strip()
