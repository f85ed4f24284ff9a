/** Spanish of the admin page: a line for each text of `en.ts`, in its order. */

/** The texts. */
export const es: string = `
Administración
Resumen
Usuarios
Aplicaciones
Accesos
Claves
Auditoría
Estado
Buscar
Correo, nombre o ID
Ir al contenido
No se ha encontrado nada.
Más
Todos
Usuario
Aplicación
ID
Estado
Acciones
Creación
Último uso
Caduca
Scopes
Organización
Permisos
Guardar
Aplicar
Activo
Desactivado
Eliminado
En espera
Aprobada
Bloqueada
Nueva
Verificado
De otros sitios
Desactivar
Reactivar
Eliminar definitivamente
No se puede deshacer.
Todas las sesiones y accesos de este usuario terminan ahora.
El usuario ya no podrá iniciar sesión de esta forma.
Volver a pedir consentimiento
Aprobar
Bloquear
Deshacer esta decisión
Eliminar
Revocar todos los resultados
Aplicaciones sin aprobar
Se pueden conectar
Esperan aprobación
Se rechazan
Según la configuración
Aplicaciones que esperan aprobación
Solicitada por
Hosts
URI de redirección
Sin usar desde hace
Servidor
Clave de servicio
Personal
Nuevo usuario
Nueva aplicación
Nueva clave de servicio
Examinar un token
El secreto solo se muestra esta vez.
Fecha
Por
Objeto
Resultado
Desde
Hasta
Exportar
Comprobar el registro
Completo y sin cambios
Modificado o recortado:
Eliminar registros caducados
Hecho.
Hecho: $1.
Hay más: repítelo.
Cambió entretanto; no se ha hecho nada. Antes: $1. Ahora: $2.
Este formulario ya se envió.
Has iniciado sesión de nuevo y nada ha cambiado. Repite el último paso.
No puedes hacer esto con tu propia cuenta. Otro administrador puede.
Ya no existe.
Esta página es para administradores.
Actividad
Como tabla
Accesos activos|Inicios de sesión|Inicios fallidos|Accesos nuevos|Accesos terminados|Renovaciones|Llamadas|Denegaciones|Reutilizaciones|Rechazos|Errores
¿Permitir que la línea de comandos actúe en su nombre?
Un programa de su equipo pide administrar $1 como $2 durante una hora. Podrá ver y cambiar allí todo lo que usted puede.
Su terminal muestra este código:
Continúe solo si acaba de iniciar el programa usted mismo y su terminal muestra el mismo código. Si alguien le envió este enlace, deniéguelo.
La respuesta va a $1 en este equipo.
`;
