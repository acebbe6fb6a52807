"""One text in many languages, whose only way out is `in_(language)`."""

from collections.abc import Iterator, Mapping

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bot.text import chinese
from bot.text.formats import base


class Texts:
    """{language: text}. Traditional Chinese is derived from simplified unless given. Immutable, hashable."""

    __slots__ = ("_by_language",)

    def __init__(self, by_language: Mapping[str, str]) -> None:
        self._by_language = {language: text.strip() for language, text in by_language.items()}

    def in_(self, language: str) -> str:
        """The text for a reader of `language`; where it is missing, the first there is (a proper name, then)."""
        given = self._by_language.get(language)
        if given is not None:
            return given
        if language == "zh-Hant" and "zh" in self._by_language:
            return chinese.traditional(self._by_language["zh"])
        return self._by_language.get(base(language)) or next(iter(self._by_language.values()), "")

    def languages(self) -> Iterator[str]:
        return iter(self._by_language)

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self._by_language.items())

    def as_dict(self) -> dict[str, str]:
        return dict(self._by_language)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Texts) and self._by_language == other._by_language

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._by_language.items())))

    def __bool__(self) -> bool:
        return any(self._by_language.values())

    def __repr__(self) -> str:
        return f"Texts({self._by_language!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        mapping = core_schema.dict_schema(
            core_schema.str_schema(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})*$"),
            core_schema.str_schema(min_length=1, strip_whitespace=True),
            min_length=1,
        )
        return core_schema.union_schema(
            [
                core_schema.is_instance_schema(cls),
                core_schema.no_info_after_validator_function(cls, mapping),
            ],
            serialization=core_schema.plain_serializer_function_ser_schema(lambda texts: texts.as_dict()),
            mode="left_to_right",
        )
