"""A small event for tests of answering: four entries in three languages, a session, a venue."""

from datetime import date

from bot.event.model import Details, Entry, Event, Place, Privacy, Session, Topic
from bot.event.texts import Texts


def texts(fr: str, zh: str, en: str) -> Texts:
    return Texts({"fr": fr, "zh": zh, "en": en})


def entry(id_: str, topic: str, fr: list[str], zh: list[str], en: list[str]) -> Entry:
    return Entry(
        id=id_, topic=topic, answer=texts("Réponse.", "答案。", "Answer."), questions={"fr": fr, "zh": zh, "en": en}
    )


def small_event() -> Event:
    """Port-Louis' boat fair, on 1 and 2 June 2015."""
    name = texts("Salon du bateau", "船展", "Boat fair")
    topics = ("wifi", "parking", "lunch", "contact-organiser", "session-search", "register-interest", "programme-today")
    return Event(
        details=Details(
            id="boats",
            name=name,
            short_name=name,
            city=texts("Lorient", "洛里昂", "Lorient"),
            starts=date(2015, 6, 1),
            ends=date(2015, 6, 2),
            time_zone="Europe/Paris",
            languages=("fr", "zh", "en"),
            privacy=Privacy(controller=name, basis=name),
        ),
        places=(Place(id="venue", kind="venue", name=texts("Palais", "会场", "Hall"), city="Lorient"),),
        sessions=(
            Session(
                id="voiles",
                title=texts("Atelier des voiles", "帆船工作坊", "Sail workshop"),
                aliases=("voiles", "sails", "fanchuan"),
            ),
        ),
        entries=(
            entry(
                "wifi-code",
                "wifi",
                ["Quel est le mot de passe du Wi-Fi ?", "code wifi", "comment se connecter à internet"],
                ["Wi-Fi密码是什么", "怎么上网", "无线网密码"],
                ["What is the Wi-Fi password?", "wifi code", "how do I get online"],
            ),
            entry(
                "parking-where",
                "parking",
                ["Où se garer ?", "parking près du salon", "place pour ma voiture"],
                ["停车场在哪里", "哪里可以停车", "有停车位吗"],
                ["Where can I park?", "car park", "parking near the fair"],
            ),
            entry(
                "lunch-when",
                "lunch",
                ["À quelle heure est le déjeuner ?", "où déjeuner", "repas de midi"],
                ["午饭几点", "在哪里吃午餐", "中午吃什么"],
                ["What time is lunch?", "where is lunch", "midday meal"],
            ),
            entry(
                "contact-desk",
                "contact-organiser",
                ["Comment joindre l'équipe ?", "parler à un humain", "téléphone des organisateurs"],
                ["怎么联系会务组", "人工客服", "工作人员电话"],
                ["How do I reach the team?", "talk to a human", "organisers' phone"],
            ),
            entry(
                "programme-all",
                "programme-today",
                ["Quel est le programme ?", "qu'y a-t-il au programme", "le programme de la journée"],
                ["有什么日程", "今天有什么活动", "议程"],
                ["What is the programme?", "what is on", "schedule of the day"],
            ),
        ),
        topics=tuple(Topic(id=topic, name=texts(topic, topic, topic)) for topic in topics),
    )
