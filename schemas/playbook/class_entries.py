"""Entries of each class of errors, in the languages of the pages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.fault_class import FaultClass
from schemas.playbook.entry import Helps, InEveryLanguage, PlaybookEntry, Who


def _entry(
    kind: FaultClass, who: Who, helps: Helps | None, cause: InEveryLanguage, do: InEveryLanguage
) -> PlaybookEntry:
    return PlaybookEntry(origin="class", fault_class=kind, who=who, helps=helps, cause=cause, what_to_do=do)


BY_CLASS: Final[Mapping[FaultClass, PlaybookEntry]] = MappingProxyType(
    {
        each.fault_class: each
        for each in (
            _entry(
                FaultClass.TRANSIENT,
                "marketplace",
                "yes",
                InEveryLanguage(
                    en="The marketplace could not be reached, or had no time.",
                    pt="O marketplace não pôde ser alcançado ou estava ocupado.",
                    es="No se pudo llegar al marketplace, o estaba ocupado.",
                ),
                InEveryLanguage(
                    en="Nothing needs to be changed: reprocess in a few minutes, or wait for the connector's next try.",
                    pt="Nada precisa ser alterado: reprocesse em alguns minutos ou espere a próxima tentativa do "
                    "conector.",
                    es="No hay que cambiar nada: reprocese en unos minutos, o espere el próximo intento del conector.",
                ),
            ),
            _entry(
                FaultClass.LIMIT,
                "connector",
                "yes",
                InEveryLanguage(
                    en="More was sent than the marketplace accepts in this time.",
                    pt="Foi enviado mais do que o marketplace aceita neste período.",
                    es="Se envió más de lo que el marketplace acepta en este tiempo.",
                ),
                InEveryLanguage(
                    en="Wait and reprocess in steps. If it comes back often, the connector has to send more slowly.",
                    pt="Espere e reprocesse por etapas. Se voltar com frequência, o conector precisa enviar mais "
                    "devagar.",
                    es="Espere y reprocese por etapas. Si vuelve a menudo, el conector debe enviar más despacio.",
                ),
            ),
            _entry(
                FaultClass.CREDENTIALS,
                "seller",
                "after_fix",
                InEveryLanguage(
                    en="The marketplace did not accept the login: a token or key is wrong or has expired.",
                    pt="O marketplace não aceitou o acesso: um token ou uma chave está errado ou expirou.",
                    es="El marketplace no aceptó el acceso: un token o una clave es incorrecto o venció.",
                ),
                InEveryLanguage(
                    en="Connect the account to the marketplace again in the connector, then reprocess.",
                    pt="Conecte de novo a conta ao marketplace no conector e reprocesse.",
                    es="Conecte de nuevo la cuenta al marketplace en el conector y reprocese.",
                ),
            ),
            _entry(
                FaultClass.PERMISSION,
                "seller",
                "after_fix",
                InEveryLanguage(
                    en="The account on the marketplace may not do this.",
                    pt="A conta no marketplace não tem permissão para isso.",
                    es="La cuenta en el marketplace no tiene permiso para esto.",
                ),
                InEveryLanguage(
                    en="Look on the marketplace's portal at what the account lacks: a permission, a registration, a "
                    "suspension to be lifted. Then reprocess.",
                    pt="Veja no portal do marketplace o que falta à conta: uma permissão, um cadastro, uma suspensão a "
                    "resolver. Depois reprocesse.",
                    es="Vea en el portal del marketplace qué le falta a la cuenta: un permiso, un registro, una "
                    "suspensión por resolver. Después reprocese.",
                ),
            ),
            _entry(
                FaultClass.NOT_FOUND,
                "seller",
                "after_fix",
                InEveryLanguage(
                    en="What this is about is not known there: a listing, an order, or something that it refers to.",
                    pt="Aquilo de que se trata não é conhecido lá: um anúncio, um pedido ou algo a que ele se refere.",
                    es="Aquello de que se trata no se conoce allí: una publicación, un pedido o algo a lo que se "
                    "refiere.",
                ),
                InEveryLanguage(
                    en="See if it was created on the marketplace, and put right the errors of Products of this SKU "
                    "first.",
                    pt="Confira se foi criado no marketplace e resolva primeiro os erros de Produtos deste SKU.",
                    es="Revise si se creó en el marketplace y resuelva primero los errores de Productos de este SKU.",
                ),
            ),
            _entry(
                FaultClass.CONFLICT,
                "connector",
                "after_fix",
                InEveryLanguage(
                    en="It is there already, or something else was changing it at the same time.",
                    pt="Já existe, ou outra coisa o estava alterando ao mesmo tempo.",
                    es="Ya existe, u otra cosa lo estaba cambiando al mismo tiempo.",
                ),
                InEveryLanguage(
                    en="Compare with what the marketplace shows. If it is right there, nothing is to be done; else "
                    "reprocess once.",
                    pt="Compare com o que o marketplace mostra. Se lá estiver certo, não há nada a fazer; senão, "
                    "reprocesse uma vez.",
                    es="Compare con lo que muestra el marketplace. Si allí está bien, no hay nada que hacer; si no, "
                    "reprocese una vez.",
                ),
            ),
            _entry(
                FaultClass.VALIDATION,
                "seller",
                "after_fix",
                InEveryLanguage(
                    en="The marketplace refused what was sent: a value is missing, wrong, or outside its rules.",
                    pt="O marketplace recusou o que foi enviado: um valor falta, está errado ou fora das regras.",
                    es="El marketplace rechazó lo enviado: un valor falta, es incorrecto o está fuera de sus reglas.",
                ),
                InEveryLanguage(
                    en="Correct what the message names where the data comes from, then reprocess.",
                    pt="Corrija o que a mensagem indica na origem dos dados e reprocesse.",
                    es="Corrija lo que el mensaje indica en el origen de los datos y reprocese.",
                ),
            ),
            _entry(
                FaultClass.CONNECTOR,
                "connector",
                "after_fix",
                InEveryLanguage(
                    en="The connector itself failed, or wrote a request that the marketplace can't read.",
                    pt="O próprio conector falhou ou escreveu uma requisição que o marketplace não consegue ler.",
                    es="El propio conector falló, o escribió una solicitud que el marketplace no puede leer.",
                ),
                InEveryLanguage(
                    en="Tell the team that runs the connector. Reprocess once it is fixed.",
                    pt="Avise a equipe do conector. Reprocesse quando estiver corrigido.",
                    es="Avise al equipo del conector. Reprocese cuando esté corregido.",
                ),
            ),
            _entry(
                FaultClass.MARKETPLACE,
                "marketplace",
                "yes",
                InEveryLanguage(
                    en="The marketplace failed on its side, or is not done with an earlier step.",
                    pt="O marketplace falhou do lado dele ou não terminou uma etapa anterior.",
                    es="El marketplace falló de su lado, o no terminó un paso anterior.",
                ),
                InEveryLanguage(
                    en="Reprocess later. If it stays, open a ticket with the marketplace and give it the response.",
                    pt="Reprocesse mais tarde. Se continuar, abra um chamado no marketplace com a resposta.",
                    es="Reprocese más tarde. Si sigue, abra un caso en el marketplace con la respuesta.",
                ),
            ),
        )
        if each.fault_class is not None
    }
)
