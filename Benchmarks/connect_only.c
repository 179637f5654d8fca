// The floor of a check's time: connects to each database of two servers, a few at a time on each, runs one trivial
// query, and closes.
//
// Usage: connect_only JOBS CONNINFO CONNINFO DATABASE…
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  const char *conninfo;
  char **databases;
  int count;
  atomic_int next;
  atomic_int failures;
} Server;

static void *work(void *argument) {
  Server *server = argument;
  int index;
  while ((index = atomic_fetch_add(&server->next, 1)) < server->count) {
    // The second `dbname` wins over the one inside of the first, which is expanded.
    const char *keywords[] = {"dbname", "dbname", NULL};
    const char *values[] = {server->conninfo, server->databases[index], NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);
    PGresult *result = PQexec(connection, "SELECT 1");
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
      fprintf(stderr, "%s: %s", server->databases[index], PQerrorMessage(connection));
      atomic_fetch_add(&server->failures, 1);
    }
    PQclear(result);
    PQfinish(connection);
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: connect_only JOBS CONNINFO CONNINFO DATABASE...\n");
    return 64;
  }
  int jobs = atoi(argv[1]);
  Server servers[2] = {{argv[2], argv + 4, argc - 4, 0, 0}, {argv[3], argv + 4, argc - 4, 0, 0}};
  pthread_t *threads = calloc(2 * jobs, sizeof *threads);
  for (int i = 0; i < 2 * jobs; i++) {
    if (pthread_create(&threads[i], NULL, work, &servers[i % 2]) != 0) return 70;
  }
  for (int i = 0; i < 2 * jobs; i++) pthread_join(threads[i], NULL);
  free(threads);
  return servers[0].failures + servers[1].failures > 0;
}
