"""Templates are compiled once for all languages: so their code must not depend on one."""

from admin.pages import assets, languages
from admin.pages.site import Site, _environment
from admin.session import Sessions


def test_a_template_is_the_same_code_in_every_language() -> None:
    files, catalogues = assets.load(), languages.load()
    environments = [_environment(language, catalogue, files) for language, catalogue in catalogues.items()]
    for name in environments[0].list_templates():
        codes = set()
        for each in environments:
            assert each.loader is not None
            source, path, _is_current = each.loader.get_source(each, name)
            codes.add(each.compile(source, name, path, raw=True))
        assert len(codes) == 1, name


def test_templates_that_are_loaded_need_no_compiler() -> None:
    site = Site(Sessions(b"s" * 32))
    site.load_templates()
    for each in site._environments.values():
        each.code_generator_class = None  # type: ignore[assignment]
        assert [each.get_template(name).name for name in each.list_templates()] == each.list_templates()
