import { existsSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../../../config/root.js';
import type { ComponentSpec } from '../supervisor.js';
import { answers, type Site } from '../site.js';
import { need } from '../tools.js';
import { distribution, java } from './java.js';

const host = '127.0.0.1';

/** The addresses that belong together: what one writes, the other reads. */
export function opensearchUrl({ ports }: Site): string {
  return `http://${host}:${ports.opensearch}`;
}

/** OpenSearch, which the broker exports to and Operate and Tasklist read. */
export function opensearch(site: Site): ComponentSpec {
  const { ports, tools, folders } = site;
  return {
    name: 'opensearch',
    command: java(site, {
      name: 'opensearch',
      mainClass: 'merzim.SearchNode',
      classPath: [path.join(need(tools, 'engineDir'), 'search', '*')],
      heapMb: 384,
      args: [path.join(folders.data, 'opensearch'), String(ports.opensearch), String(ports.opensearchTransport)],
    }),
    ports: [ports.opensearch, ports.opensearchTransport],
    ready: () => answers(`${opensearchUrl(site)}/_cluster/health`),
    graceMs: 30_000,
  };
}

function camundaClasses(site: Site): { classPath: string[]; options: string[] } {
  const folder = distribution(site);
  const built = (name: string): string => path.join(need(site.tools, 'engineDir'), name, '*');
  return {
    // The configuration's folder is not in the class path: with a folder there, Java makes no archive of classes.
    classPath: [built('tasklist-schema'), built('exporter'), path.join(folder, 'lib', '*')],
    options: [
      `-Dspring.config.additional-location=file:${path.join(folder, 'config')}/`,
      `-Dlog4j2.configurationFile=${inProject('local', 'stack', 'components', 'camunda-log4j2.xml')}`,
      `-Dapp.home=${folder}`,
      `-Dbasedir=${folder}`,
    ],
  };
}

/** Its default is to wait half a minute for open connections, of which a browser's page always holds some. */
const stopAtOnce = { SERVER_SHUTDOWN: 'immediate', SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE: '5s' };

/** Kinds of records that the exporter writes by default and that neither Operate nor Tasklist reads. */
const unread = [
  ...['DEPLOYMENT', 'ERROR', 'MESSAGE', 'MESSAGESUBSCRIPTION', 'MESSAGESTARTEVENTSUBSCRIPTION', 'VARIABLEDOCUMENT'],
  ...['PROCESSINSTANCECREATION', 'PROCESSINSTANCEMIGRATION', 'PROCESSINSTANCEMODIFICATION', 'PROCESSEVENT', 'TIMER'],
  ...['SIGNAL', 'SIGNALSUBSCRIPTION', 'ESCALATION', 'COMPENSATIONSUBSCRIPTION', 'MESSAGECORRELATION'],
  ...['USER', 'AUTHORIZATION', 'RESOURCEDELETION'],
];

/** The Zeebe broker with its gateway. */
export function broker(site: Site): ComponentSpec {
  const { ports, folders, travel } = site;
  const exporter = 'ZEEBE_BROKER_EXPORTERS_OPENSEARCH';
  const quick = existsSync(path.join(need(site.tools, 'engineDir'), 'exporter'));
  return {
    name: 'broker',
    command: java(site, {
      name: 'broker',
      mainClass: 'io.camunda.application.StandaloneBroker',
      ...camundaClasses(site),
      heapMb: 320,
      env: {
        SPRING_PROFILES_ACTIVE: 'broker',
        ...stopAtOnce,
        SERVER_ADDRESS: host,
        SERVER_PORT: String(ports.rest),
        MANAGEMENT_SERVER_ADDRESS: host,
        MANAGEMENT_SERVER_PORT: String(ports.management),
        ZEEBE_BROKER_NETWORK_HOST: host,
        ZEEBE_BROKER_NETWORK_ADVERTISEDHOST: host,
        ZEEBE_BROKER_NETWORK_COMMANDAPI_PORT: String(ports.brokerCommand),
        ZEEBE_BROKER_NETWORK_INTERNALAPI_PORT: String(ports.brokerInternal),
        ZEEBE_BROKER_GATEWAY_NETWORK_HOST: host,
        ZEEBE_BROKER_GATEWAY_NETWORK_PORT: String(ports.grpc),
        ZEEBE_BROKER_DATA_DIRECTORY: path.join(folders.data, 'broker', 'data'),
        ZEEBE_BROKER_DATA_LOGSEGMENTSIZE: '32MB',
        ZEEBE_BROKER_EXPERIMENTAL_ROCKSDB_MEMORYLIMIT: '64MB',
        [`${exporter}_CLASSNAME`]: quick
          ? 'merzim.QuickExporter'
          : 'io.camunda.zeebe.exporter.opensearch.OpensearchExporter',
        [`${exporter}_ARGS_URL`]: opensearchUrl(site),
        [`${exporter}_ARGS_BULK_SIZE`]: quick ? '500' : '1',
        [`${exporter}_ARGS_INDEX_NUMBEROFSHARDS`]: '1',
        ...Object.fromEntries(unread.map((kind) => [`${exporter}_ARGS_INDEX_${kind}`, 'false'])),
        CAMUNDA_REST_QUERY_ENABLED: 'true',
        CAMUNDA_DATABASE_TYPE: 'opensearch',
        CAMUNDA_DATABASE_URL: opensearchUrl(site),
        ...(travel ? { ZEEBE_CLOCK_CONTROLLED: 'true' } : {}),
      },
    }),
    ports: [ports.grpc, ports.brokerCommand, ports.brokerInternal, ports.rest, ports.management],
    dependsOn: ['opensearch'],
    ready: () => answers(`http://${host}:${ports.management}/ready`),
    graceMs: 30_000,
  };
}

/**
 * Operate's own policy, which in a shared JVM holds for Tasklist too, with one word added: without the last one, a case page that is opened
 * from a form would inherit the sandbox, and its downloads would be blocked.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "base-uri 'self'",
  "script-src 'self'",
  "script-src-elem 'self' cdn.jsdelivr.net",
  "connect-src 'self' cdn.jsdelivr.net",
  "style-src 'self' 'unsafe-inline' cdn.jsdelivr.net",
  'img-src * data:',
  'block-all-mixed-content',
  "form-action 'self'",
  "frame-ancestors 'none'",
  "frame-src 'self' https:",
  "object-src 'none'",
  "font-src 'self' fonts.camunda.io cdn.jsdelivr.net",
  "worker-src 'self' blob:",
  'sandbox allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox',
].join('; ');

/** Operate and Tasklist, in a JVM of their own: in the broker's, Tasklist can't complete a native user task. */
export function web(site: Site, afterReady: () => Promise<void>): ComponentSpec {
  const { ports } = site;
  /** `pollMs`: how often it looks for what the broker has exported; its own default is five seconds. */
  const product = (name: 'OPERATE' | 'TASKLIST', pollMs: number): Record<string, string> => ({
    [`CAMUNDA_${name}_DATABASE`]: 'opensearch',
    [`CAMUNDA_${name}_OPENSEARCH_URL`]: opensearchUrl(site),
    [`CAMUNDA_${name}_ZEEBEOPENSEARCH_URL`]: opensearchUrl(site),
    [`CAMUNDA_${name}_ZEEBE_GATEWAYADDRESS`]: `${host}:${ports.grpc}`,
    [`CAMUNDA_${name}_IMPORTER_READERBACKOFF`]: String(pollMs),
    [`CAMUNDA_${name}_IMPORTER_SCHEDULERBACKOFF`]: String(pollMs),
  });
  return {
    name: 'web',
    command: java(site, {
      name: 'web',
      mainClass: 'io.camunda.application.StandaloneCamunda',
      ...camundaClasses(site),
      heapMb: 512,
      env: {
        SPRING_PROFILES_ACTIVE: 'operate,tasklist,auth',
        ...stopAtOnce,
        SERVER_ADDRESS: host,
        SERVER_PORT: String(ports.web),
        MANAGEMENT_SERVER_ADDRESS: host,
        MANAGEMENT_SERVER_PORT: String(ports.webManagement),
        // It opens the port of a cluster's member, though it is none; by default on all interfaces.
        ZEEBE_BROKER_NETWORK_HOST: host,
        ZEEBE_BROKER_NETWORK_INTERNALAPI_PORT: String(ports.webInternal),
        ZEEBE_GATEWAY_CLUSTER_HOST: host,
        ZEEBE_GATEWAY_CLUSTER_PORT: String(ports.webInternal),
        ...product('OPERATE', 1000),
        CAMUNDA_OPERATE_IMPORTERENABLED: String(site.operate),
        CAMUNDA_OPERATE_ARCHIVERENABLED: String(site.operate),
        // The engine's search for tasks reads Tasklist's index: each step of a person waits for this.
        ...product('TASKLIST', 400),
        CAMUNDA_TASKLIST_ZEEBE_RESTADDRESS: `http://${host}:${ports.rest}`,
        CAMUNDA_OPERATE_WEBSECURITY_CONTENTSECURITYPOLICY: contentSecurityPolicy,
        // Without a cluster's id, which else only its sign-in to Camunda's cloud reads, 8.6.0 does not heed the policy that is set.
        CAMUNDA_OPERATE_CLOUD_CLUSTERID: 'local',
        CAMUNDA_OPERATE_TASKLISTURL: `http://${host}:${ports.web}/tasklist`,
      },
    }),
    ports: [ports.web, ports.webManagement, ports.webInternal],
    dependsOn: ['opensearch'],
    ready: async () =>
      (await answers(`http://${host}:${ports.webManagement}/actuator/health`)) &&
      (await answers(`http://${host}:${ports.web}/tasklist`)),
    afterReady,
    graceMs: 30_000,
  };
}
