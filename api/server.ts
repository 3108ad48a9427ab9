import { loadSettings, SettingsError } from '../config/index.js';
import { composeServices } from '../core/compose.js';
import { buildApp } from './app.js';

/** The only place that listens: the API and the pages, until SIGTERM. */
async function main(): Promise<void> {
  const settings = loadSettings();
  const services = await composeServices(settings, 'api');
  const app = await buildApp(services);
  const stop = async (signal: string): Promise<void> => {
    services.log.info({ signal }, 'stopping');
    await app.close();
    await services.database.close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop('SIGTERM'));
  process.once('SIGINT', () => void stop('SIGINT'));
  await app.listen({ host: settings.web.host, port: settings.web.port });
  services.log.info({ host: settings.web.host, port: settings.web.port }, 'listening');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof SettingsError ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exit(1);
});
