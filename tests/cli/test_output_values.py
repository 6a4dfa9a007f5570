"""`-o` and `--annotation` as buildx takes them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import platforms, references
from trimaran.cli import build_outputs, output_values
from trimaran.errors import TrimaranError, UsageError
from trimaran.request import Annotation, Output

ARM = platforms.parse("linux/arm64")
NAME = references.parse("localhost:5000/a")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("-", Output("tar", "-")),
        ("out", Output("local", "out")),
        ("type=local,dest=out", Output("local", "out")),
        ("type=tar", Output("tar", "-")),
        ("type=docker", Output("docker")),
        ("type=docker,dest=-", Output("docker", "-")),
        ("type=image", Output("image")),
        ("type=image,push=true", Output("registry")),
        ("type=registry", Output("registry")),
        ("type=registry,push=false,store=1", Output("image")),
        ("type=image,store=false", Output("cacheonly")),
        ("type=cacheonly", Output("cacheonly")),
        ("TYPE=oci,tar=false,dest=d", Output("oci", "d", tar=False)),
        ("type=tar,platform-split=false", Output("tar", "-", platform_split=False)),
        ("type=oci,unpack=true,buildinfo=false", Output("oci", "-")),
        (
            "type=oci,compression=zstd,compression-level=22,force-compression=true",
            Output("oci", "-", compression="zstd", level=22, force_compression=True),
        ),
        (
            "type=oci,oci-mediatypes=false,rewrite-timestamp=0",
            Output("oci", "-", oci_media_types=False, rewrite_timestamp=False),
        ),
        (
            "type=image,name=localhost:5000/a,push-by-digest=true,push=true",
            Output("registry", names=(NAME,), by_digest=True),
        ),
        (
            'type=image,"name=localhost:5000/a,b"',
            Output("image", names=(NAME, references.parse("b"))),
        ),
        (
            "type=oci,annotation.a=1,annotation-index.b=2,annotation-manifest[linux/arm64].c=x=y",
            Output(
                *("oci", "-"),
                annotations=(
                    Annotation("manifest", "a", "1"),
                    Annotation("index", "b", "2"),
                    Annotation("manifest", "c", "x=y", ARM),
                ),
            ),
        ),
    ],
)
def test_outputs(text: str, wanted: Output) -> None:
    assert output_values.output(text) == wanted


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("type=iso", "unknown type 'iso'", "the types are oci, docker"),
        ("dest=x", "unknown type ''", "image"),
        ("type=oci,compresion=zstd", "unknown field", "compression"),
        ("type=oci,compression=estargz", "estargz is not there", "zstd"),
        ("type=oci,compression=xz", "unknown compression 'xz'", "gzip, zstd"),
        ("type=oci,compression-level=10", "compression-level=10 is none of gzip", "0 to 9"),
        ("type=oci,compression=zstd,compression-level=-1", "none of zstd", "0 to 22"),
        ("type=oci,compression=zstd,oci-mediatypes=false", "no zstd", "leave out"),
        ("type=oci,push=true", "only an image", "type=image"),
        ("type=image,push-by-digest=true", "for what is pushed", "push=true"),
        ("type=image,dest=x", "has no dest", "-t"),
        ("type=local", "needs a folder", "dest=FOLDER"),
        ("type=oci,tar=false", "tar=false needs a folder", "dest=FOLDER"),
        ("type=docker,tar=false", "is a tar", "type=oci"),
        ("type=oci,platform-split=true", "for files", "type=local"),
        ("type=oci,annotation-config.a=b", "nothing is called 'config'", "index-descriptor"),
        ("type=oci,annotation[linux/foo9].a=b", "annotation[linux/foo9].a", ""),
        ("type=image,name-canonical=true", "name-canonical", "NAME@DIGEST"),
        ("type=image,registry.insecure=true", "registry.insecure", "plain-http"),
        ("type=oci,tar=maybe", "neither true nor false", "tar=true"),
    ],
)
def test_what_no_output_is(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        output_values.output(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_annotations() -> None:
    def read(text: str) -> list[Annotation]:
        return list(output_values.of_annotation(text))

    assert read("a=b=c") == [Annotation("manifest", "a", "b=c")]
    assert read("index:a:b=") == [Annotation("index", "a:b", "")]
    assert read("index,manifest[linux/arm64]:k=v") == [
        Annotation("index", "k", "v"),
        Annotation("manifest", "k", "v", ARM),
    ]
    for wrong in ("a", "=b", "index:=b", "layer:a=b", "index,:a=b", "manifest[x86]:a=b", "A b:c=d"):
        with pytest.raises(UsageError):
            read(wrong)


def test_flags_join_the_outputs() -> None:
    def find(*items: str, push: bool = False, load: bool = False) -> tuple[Output, ...]:
        return build_outputs.find(items, (NAME,), push=push, load=load)

    assert find(push=True) == (Output("registry"),)
    assert find("type=image,compression=zstd", push=True) == (
        Output("registry", compression="zstd"),
    )
    assert find("type=docker,dest=f", load=True) == (Output("docker", "f"), Output("docker"))
    assert find("type=docker", load=True) == (Output("docker"),)
    with pytest.raises(UsageError, match="needs a name"):
        build_outputs.find(["type=image,push=true"], (), push=False, load=False)
    tagged = ["type=registry,name=localhost:5000/a:1,push-by-digest=true"]
    with pytest.raises(UsageError, match="push-by-digest=true gives none"):
        build_outputs.find(tagged, (), push=False, load=False)
    with pytest.raises(UsageError, match="cannot both go to standard output"):
        find("-", "type=oci")


@given(st.text(alphabet='type=oci,dnaushpb.-[]/"\n\0', max_size=40))
def test_any_text_is_an_output_or_a_clear_error(text: str) -> None:
    with suppress(TrimaranError):
        assert isinstance(output_values.output(text), Output)
