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
Reativar
Remover definitivamente
Não é possível desfazer.
Todas as sessões e acessos deste usuário terminam agora.
O usuário não poderá mais entrar desta forma.
Pedir consentimento de novo
Aprovar
Bloquear
Desfazer esta decisão
Excluir
Revogar todos os resultados
Aplicativos não aprovados
Podem ser conectados
Aguardam aprovação
São recusados
Como configurado
Aplicativos que aguardam aprovação
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
Por
Alvo
Resultado
De
Até
Exportar
Verificar o registro
Completo e inalterado
Alterado ou cortado:
Remover registros expirados
Feito.
Feito: $1.
Há mais: repita.
Mudou nesse meio-tempo; nada foi feito. Antes: $1. Agora: $2.
Este formulário já foi enviado.
Você entrou de novo e nada mudou. Repita o último passo.
Você não pode fazer isso com a sua própria conta. Outro administrador pode.
Não existe mais.
Esta página é para administradores.
Atividade
Como tabela
Acessos ativos|Entradas|Entradas falhas|Novos acessos|Acessos encerrados|Renovações|Chamadas|Negações|Reutilizações|Recusas|Erros
Permitir que a linha de comando aja em seu nome?
Um programa no seu computador pede para administrar $1 como $2 por uma hora. Ele poderá ver e alterar tudo o que você pode.
Seu terminal mostra este código:
Continue somente se você acabou de iniciar o programa e seu terminal mostra o mesmo código. Se alguém enviou este link a você, negue.
A resposta vai para $1 neste computador.
`;
