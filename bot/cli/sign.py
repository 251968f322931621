"""`banshi sign`: the evidence of signatures, given out and verified."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import AsJson, Home
from bot.cli.shown import print_json
from bot.errors import ConfigError
from bot.evidence import packed, verified
from bot.materials.files import Files
from bot.seal import open_seal
from bot.settings import load_settings
from bot.store.db import Store, Tables

sign = typer.Typer(help="Signatures by hand and their evidence.", no_args_is_help=True)


@sign.command()
def verify(
    file: Annotated[Path, typer.Argument(help="As `banshi sign export` wrote it.")],
    key: Annotated[str, typer.Option(help="The hall's public key; without it, that of this home is asked.")] = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Is this what was signed, and is it unchanged? With --key nothing but the file is needed."""
    keys = [key.strip().lower()] if key else _keys(home)
    try:
        evidence = verified(file.read_text("utf-8"), keys)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: no evidence as banshi writes it, or changed") from error
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error
    if as_json:
        print_json(evidence)
        return
    for name in ("hall", "case", "title", "signer", "signed_at", "address", "document_sha256", "signed_sha256"):
        typer.echo(f"{name:16} {evidence[name]}")
    typer.echo(f"{'points':16} {len(evidence['points'])}, each confirmed")
    typer.echo("unchanged since it was signed", err=True)


@sign.command()
def export(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The number of the case.")],
    into: Annotated[Path, typer.Argument(metavar="FOLDER", help="A file for each signature goes there.")],
    home: Home = None,
) -> None:
    """The evidence of every signature of a case, each as a file that proves itself."""
    store, files = _opened(home)

    def look(tables: Tables) -> list[tuple[str, str]]:
        signed = [one for one in tables.signings.of_case(case) if one.state == "signed"]
        if signed:
            tables.audits.put(getpass.getuser(), "export_signature", case, store.now(), {"files": len(signed)})
        return [
            (
                f"{one.case}-{one.document}-{one.id}.json",
                packed(
                    one.steps.evidence,
                    one.steps.signature,
                    one.steps.key,
                    files.read(one.steps.file),
                    files.read(one.steps.signed_file),
                    files.read(one.steps.statement) if one.steps.statement else b"",
                ),
            )
            for one in signed
        ]

    try:
        found = store.write(look)
        if not found:
            raise ConfigError(f"nothing was signed by hand in {case!r}")
        into.mkdir(parents=True, exist_ok=True)
        for name, text in found:
            path = into / name
            path.touch(0o600)
            path.write_text(text, "utf-8")
            typer.echo(str(path))
    except OSError as error:
        raise ConfigError(f"{into}: {error.strerror}") from error
    finally:
        store.close()


@sign.command()
def key(home: Home = None) -> None:
    """The hall's public key: publish it, so that others can verify."""
    store, _ = _opened(home)
    try:
        typer.echo(store.write(lambda tables: tables.signings.key(store.now())[0]))
    finally:
        store.close()


def _keys(home: Path | None) -> list[str]:
    store, _ = _opened(home)
    try:
        keys = store.read(lambda tables: tables.signings.keys())
    finally:
        store.close()
    if not keys:
        raise ConfigError("this home has attested nothing; name the hall's public key with --key")
    return keys


def _opened(home: Path | None) -> tuple[Store, Files]:
    settings = load_settings(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    seal = open_seal(settings.home, *settings.keys)
    return Store(settings.database_url.get_secret_value(), seal=seal), Files(settings.home / "files", seal)


def add_to(app: typer.Typer) -> None:
    app.add_typer(sign, name="sign")
