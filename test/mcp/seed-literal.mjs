/** The permission wrapper and `init()` of the request this project answers, word for word: plain JavaScript, as a newcomer pastes it. */
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpAgent } from '../../src/mcp/index.ts';

// Create a wrapper function to check permissions
export function requirePermission(permission, handler) {
  return async (request, context) => {
    // Check if user has the required permission
    const userPermissions = context.props.permissions || [];
    if (!userPermissions.includes(permission)) {
      return {
        content: [{ type: 'text', text: `Permission denied: requires ${permission}` }],
        status: 403,
      };
    }

    // If permission check passes, execute the handler
    return handler(request, context);
  };
}

export class SeedMcp extends McpAgent {
  server = new OldMcpServer({ name: 'seed', version: '1.0.0' });

  // Use the wrapper with your MCP tools
  async init() {
    // Basic tools available to all authenticated users
    this.server.tool('basicTool', 'Available to all users', {}, async () => {
      // Implementation for all users
    });

    // Protected tool using the permission wrapper
    this.server.tool(
      'adminAction',
      'Administrative action requiring special permission',
      {/* parameters */},
      requirePermission('admin', async (req) => {
        // Only executes if user has "admin" permission
        return {
          content: [{ type: 'text', text: 'Admin action completed' }],
        };
      }),
    );

    // Conditionally register tools based on user permissions
    if (this.props.permissions?.includes('special_feature')) {
      this.server.tool('specialTool', 'Special feature', {}, async () => {
        // This tool only appears for users with the special_feature permission
      });
    }
  }
}
