/** What a release publishes, without publishing: both packages with the address of their repository, and a bill of materials. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(root + path, 'utf8')) as Record<string, never>;
const workflow = readFileSync(`${root}.github/workflows/release.yml`, 'utf8');

describe('a release', () => {
  it('names repository, homepage and bugs in both packages, leads every link there, and says what they are made of (N-16)', () => {
    const env = { ...process.env, npm_config_cache: `${root}artifacts/npm-cache`, npm_config_update_notifier: 'false' };
    const { status, stdout, stderr } = spawnSync('bash', ['.ci/release', 'acme/portcullis', '--dry-run'], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    expect([status, stderr, stdout]).toEqual([0, expect.any(String), expect.stringContaining('nothing was published')]);
    const { version } = json('package.json');
    for (const name of ['portcullis', 'create-portcullis']) {
      expect(json(`artifacts/release/${name}/package.json`)).toMatchObject({
        version,
        repository: { type: 'git', url: 'git+https://github.com/acme/portcullis.git' },
        homepage: 'https://github.com/acme/portcullis#readme',
        bugs: { url: 'https://github.com/acme/portcullis/issues' },
      });
    }
    const readme = readFileSync(`${root}artifacts/release/portcullis/README.md`, 'utf8');
    const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
    expect(links).toContain(`https://github.com/acme/portcullis/blob/v${version}/docs/reference/options.md`);
    expect(links.filter((to) => !to.startsWith('https://'))).toEqual([]);
    const { bomFormat, components } = json(`artifacts/release/portcullis-${version}.cdx.json`) as unknown as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(json('package.json')['dependencies'] ?? {})));
    expect(components.map(({ name }) => name)).not.toContain('vitest');
    expect(readdirSync(`${root}artifacts/release`).filter((file) => file.endsWith('.tgz'))).toHaveLength(2);
  });

  it('is published by the workflow alone, after its tests, with provenance and without a token', () => {
    expect(workflow).toMatch(/^ {2}publish:\n {4}needs: test$/m);
    expect(workflow).toContain('id-token: write');
    expect(readFileSync(`${root}.ci/release`, 'utf8')).toContain('npm publish "$out/$name" --ignore-scripts --provenance --access public');
    expect(workflow).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN|secrets\./);
    expect(workflow).toMatch(/^permissions:\n {2}contents: read$/m);
  });

  it('refuses a version that the changelog does not have, and a tag that is not the version', () => {
    const env = { ...process.env, GITHUB_REF_NAME: 'v9.9.9' };
    const { status, stdout } = spawnSync('bash', ['.ci/release', 'acme/portcullis'], { cwd: root, env, encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, expect.stringContaining('the tag is v9.9.9')]);
  });
});
