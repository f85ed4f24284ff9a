/** Brazilian Portuguese of the admin page: a line for each text of `en.ts`, in its order. */

/** The texts. */
export const ptBr: string = `
Administração
Visão geral
Usuários
Aplicativos
Acessos
Chaves
Auditoria
Estado
Pesquisar
E-mail, nome ou ID
Ir para o conteúdo
Nada encontrado.
Mais
Todos
Usuário
Aplicativo
ID
Estado
Ações
Criação
Último uso
Expira
Escopos
Organização
Permissões
Salvar
Aplicar
Ativo
Desativado
Removido
Aguardando
Aprovado
Bloqueado
Novo
Verificado
De outros sites
Desativar
Todas as sessões, acessos e chaves deste usuário terminam agora. Ele não poderá entrar até que você o reative.
Reativar
Remover definitivamente
A conta e todo o seu conteúdo são excluídos. Não é possível desfazer.
Todas as sessões e acessos deste usuário terminam agora.
O usuário entrará sem segundo fator até configurar um novo. Confirme que é realmente ele quem pede.
O usuário não poderá mais entrar desta forma.
Pedir consentimento de novo
Os aplicativos terão de perguntar de novo a este usuário antes de obter novo acesso.
Aprovar
Bloquear
Todos os acessos deste aplicativo terminam agora, e ninguém pode conectá-lo.
Desfazer esta decisão
Excluir
O aplicativo, todos os seus acessos e tokens são excluídos. Não é possível desfazer.
O aplicativo perde o acesso imediatamente.
Revogar todos os resultados
Todos os aplicativos desta lista perdem o acesso imediatamente, também nas páginas seguintes.
Aplicativos não aprovados
Podem ser conectados
Aguardam aprovação
São recusados
Como configurado
Aplicativos que aguardam aprovação
Nenhum aplicativo aguarda aprovação.
Pedido por
Hosts
URIs de redirecionamento
Sem uso há
Servidor
Chave de serviço
Pessoal
Novo usuário
Novo aplicativo
Nova chave de serviço
Examinar um token
O segredo é mostrado apenas esta vez.
Data
Ação
Por
Alvo
Resultado
De
Até
Exportar
Verificar o registro
O registro está completo e inalterado.
O registro foi alterado ou algo foi removido dele:
O servidor funciona.
O armazenamento não funciona:
Remover registros expirados
Feito.
Feito: $1.
Há mais: repita com a lista abaixo.
Nada foi feito, porque isto mudou nesse meio-tempo. Antes: $1. Agora: $2.
Nada foi feito, porque outro usuário entrou com este navegador.
Este formulário foi enviado duas vezes. Foi executado uma vez.
Você entrou de novo. Nada mudou ainda: repita o último passo.
Você não pode fazer isso com a sua própria conta. Outro administrador pode.
Não existe mais. Nada foi alterado.
Esta página é para administradores.
Atividade
Como tabela
Dia
Acessos ativos|Entradas|Entradas falhas|Novos acessos|Acessos encerrados|Renovações|Chamadas|Negações|Reutilizações|Recusas|Erros
`;
