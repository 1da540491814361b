import pg from 'pg'
import type { Credentials } from './credentials.ts'

/** Makes what is missing: the two roles (neither may bypass row-level security) and the database `hearthline`. */
export async function prepareRoles(adminUrl: string, credentials: Credentials): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const passwords = { hearthline_owner: credentials.owner, hearthline: credentials.product }
    const roles = await namesOf(client, 'SELECT rolname AS name FROM pg_roles')
    for (const [role, password] of Object.entries(passwords))
      if (!roles.has(role))
        await client.query(
          `CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD ${client.escapeLiteral(password)}`,
        )
    const databases = await namesOf(client, 'SELECT datname AS name FROM pg_database')
    if (!databases.has('hearthline')) {
      await client.query('CREATE DATABASE hearthline OWNER hearthline_owner')
      await client.query('REVOKE ALL ON DATABASE hearthline FROM PUBLIC')
      await client.query('GRANT CONNECT, TEMPORARY ON DATABASE hearthline TO hearthline')
    }
  } finally {
    await client.end()
  }
}

async function namesOf(client: pg.Client, query: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(query)
  return new Set(rows.map((row) => row.name))
}
