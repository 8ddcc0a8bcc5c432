/*
 * Included before everything else when better-sqlite3 is compiled for Electron 33, which has Node-API 9.
 *
 * That SQLite binding uses functions of Node-API 10. Electron 33 has them too, but hands them only to
 * modules that declare the experimental version. Such a module must postpone finalizers that touch
 * JavaScript values; node-addon-api does so where it knows node_api_post_finalizer, which the
 * published headers leave out as experimental.
 */
#pragma once
#define NAPI_EXPERIMENTAL
#define NAPI_VERSION 2147483647
#define NODE_API_EXPERIMENTAL_NOGC_ENV_OPT_OUT
#include <js_native_api.h>

#define NODE_API_EXPERIMENTAL_HAS_POST_FINALIZER
EXTERN_C_START
NAPI_EXTERN napi_status NAPI_CDECL node_api_post_finalizer(napi_env env,
                                                           napi_finalize finalize_callback,
                                                           void* finalize_data,
                                                           void* finalize_hint);
EXTERN_C_END
