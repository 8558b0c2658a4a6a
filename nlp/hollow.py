"""Answers that say nothing: greetings, thanks, "received", "is being dealt with", in four languages.

A word that is not in the list says something, so a text is hollow only when every word of it is. Numbers say something
too: a date, a room, an amount.
"""

from functools import lru_cache

from nlp.tokens import tokens

_WORDS = """
hello hi dear sir madam mr mrs ms citizen good morning afternoon evening day greetings regards best kind kindly warm
sincerely respectfully yours faithfully thank thanks you your for a an the of to and we us our has have had been being
is are was will be it this that these with in on at by as from all any much many so very more
message messages complaint letter request report appeal matter matters issue case problem concern concerns feedback
application email submission suggestion question inquiry received receipt got noted registered recorded taken into
account forwarded passed sent responsible relevant competent authority authorities department unit office service body
team colleagues considered consideration under examined examination reviewed review handled processed process
processing dealt important importance soon possible shortly further due course time respond reply response answer
contact inform informed please wait look looking investigate investigating working work ok okay patience patient
understanding apologise apologize apologies sorry inconvenience regret busy attention writing contacting reaching out
hereby confirm confirmed acknowledge acknowledged value valued take seriously

i e të te u t s për me në ne nga që do po si sa më së dhe shumë jemi është janë kemi keni ka kam jam ju juve juaj juaja
tuaj tuaja tonë jonë ynë tek zoti zonja përshëndetje pershendetje mirëdita tungjatjeta nderuar qytetar qytetare respekt
faleminderit falenderojmë falënderojmë mesazhin mesazhi mesazhit çështja çështjen çështje çështjes ankesa ankesën
ankesës kërkesa kërkesën kërkesës problemi problemin letra letrën aplikimi aplikimin mori morëm marrë regjistrua
regjistruar trajtohet trajtuar shqyrtohet shqyrtim shqyrtohen procesohet njësia njësisë përgjegjëse zyra zyrës
drejtoria drejtorisë kompetente organi organit institucioni institucionit përkatëse përkatës iu përcoll përcillet
përcjellë dërgua dërguar shpejt shpejti mundur kërkojmë falje ndjesë ndjese shqetësimin durimin durim mirëkuptimin
mirëkuptim rëndësishme kontaktojmë përgjigjemi përgjigje njoftojmë prisni lutem lutemi duke punuar punojmë konsideratë
vëmendje vëmendjen

здравствуйте добрый доброе день утро вечер уважаемый уважаемая уважаемые гражданин гражданка господин госпожа с
уважением спасибо благодарим благодарю за на и в к о об по от для до не ли ваш ваша ваше ваши вашего вашему вашу вашим
вам вас вы нам нас наш наша мы мне это этим этот этого над что обращение обращения обращению вопрос вопроса сообщение
сообщения письмо жалоба жалобу жалобы заявление заявления запрос запроса проблема проблему проблемой принято принята
принят приняли получено получена получили зарегистрировано зарегистрирована зарегистрирован рассматривается
рассматривает рассматриваем рассмотрим рассмотрении рассмотрение рассмотрено рассмотрен будет находится отдел отделу
отделом служба службу службе орган органу ответственный ответственному ответственным ответственная соответствующий
соответствующему соответствующее ведомство ведомству компетентный компетентному передано передана передан передали
направлено направлена направили очень важно важен работаем работает приносим просим извинения извините неудобства
ожидайте подождите пожалуйста ответа ответ ответим свяжемся сообщим ближайшее время скоро терпение понимание внимание

আপনার আপনাকে আপনি বার্তা বার্তার বার্তাটি অভিযোগ অভিযোগের অভিযোগটি আবেদন আবেদনের আবেদনটি পত্র জন্য ধন্যবাদ পেয়েছি
পেলাম গ্রহণ করা করেছি করছি করব করবো হয়েছে হচ্ছে হবে হলো দায়িত্বপ্রাপ্ত শাখা শাখায় শাখার বিভাগ বিভাগে অফিস অফিসে বিষয়টি
বিষয় দেখছে দেখছি দেখা দেখব দেখবো প্রিয় নাগরিক জনাব জনাবা শুভেচ্ছা শুভ সকাল বিকাল আমরা আমাদের খুব খুবই গুরুত্বপূর্ণ শীঘ্রই
দ্রুত যোগাযোগ জানানো জানাব জানাবো নথিভুক্ত নিবন্ধিত অপেক্ষা করুন দয়া করে অনুগ্রহ অসুবিধার দুঃখিত ক্ষমা সংশ্লিষ্ট কর্তৃপক্ষ
কর্তৃপক্ষের কর্তৃপক্ষকে কাছে পাঠানো বিবেচনা বিবেচনাধীন এবং ও এই এটি কাজ চলছে সময় উত্তর দেব দেওয়া ধৈর্য ধরুন
"""


@lru_cache(maxsize=1)
def _hollow() -> frozenset[str]:
    return frozenset(tokens(_WORDS))


def is_hollow(text: str) -> bool:
    """Whether every word of a text is a courtesy or says only that something was received or is being dealt with."""
    return not telling(tokens(text))


def telling(words: list[str]) -> list[str]:
    """Those of some folded words that say something; a sign or a smiley does not."""
    known = _hollow()
    return [word for word in words if word not in known and any(map(str.isalnum, word))]
