// Talks to a server with a gRPC that is not ours, and prints what happened as one line of JSON.
//   node foreign-client.js health|models|chat|refusal|cancel HOST:PORT GENERATION_PROTO
'use strict';

const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const health = require('grpc-health-check');

const [scenario, address, protoPath] = process.argv.slice(2);
const loading = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
const { TextGeneration } = grpc.loadPackageDefinition(protoLoader.loadSync(protoPath, loading)).qwen3.v1;
const rpc = protoLoader.loadSync(`${__dirname}/google-rpc.proto`, loading);

// A policy as any client may have one. Its own backoff is long, so that a test sees whether the server's word is followed.
const retryPolicy = {
  maxAttempts: 5,
  initialBackoff: '60s',
  maxBackoff: '60s',
  backoffMultiplier: 1,
  retryableStatusCodes: ['RESOURCE_EXHAUSTED'],
};
const options = { 'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }) };
const client = new TextGeneration(address, grpc.credentials.createInsecure(), options);

const question = { messages: [{ role: 'ROLE_USER', content: 'What is 47 + 38?' }] };

const scenarios = {
  health(done) {
    const Health = grpc.makeGenericClientConstructor(health.service, 'Health');
    const checks = new Health(address, grpc.credentials.createInsecure());
    checks.check({ service: 'qwen3.v1.TextGeneration' }, (error, response) => done(error ? failure(error) : response));
  },

  models(done) {
    client.ListModels({}, (error, response) => done(error ? failure(error) : response));
  },

  chat(done) {
    read(client.Chat({ ...question, sampling: { temperature: 0, max_tokens: 64 }, output: { token_ids: true } }), done);
  },

  refusal(done) {
    const messages = [...question.messages, { content: 'nobody says this' }];
    read(client.Chat({ messages, sampling: { top_p: 1.5, temperature: NaN } }), done);
  },

  cancel(done) {
    const call = client.Chat({ ...question, sampling: { stop: [], max_tokens: 4096 } });
    call.once('data', () => call.cancel());
    read(call, done);
  },
};

scenarios[scenario]((result) => console.log(JSON.stringify(result)));

function read(call, done) {
  const result = { events: [], thinking: '', answer: '' };
  call.on('data', (event) => {
    result.events.push(event.event);
    if (event.started) result.started = event.started;
    if (event.delta) result[event.delta.part === 'REPLY_PART_THINKING' ? 'thinking' : 'answer'] += event.delta.text;
    if (event.finished) result.finished = event.finished;
  });
  call.on('error', (error) => done({ ...result, ...failure(error) }));
  call.on('end', () => result.finished && done(result));
}

function failure(error) {
  const details = error.metadata.get('grpc-status-details-bin').map(decode).flat();
  return { code: grpc.status[error.code], message: error.details, details };
}

function decode(bytes) {
  return rpc['google.rpc.Status'].deserialize(bytes).details.map((any) => {
    const type = any.type_url.split('/').pop();
    return { type, ...rpc[type].deserialize(any.value) };
  });
}
