// The client loads these with its first call. Loading takes real time, which a virtual clock must not notice.
import "../../src/chat/validate-request.ts";
import "../../src/endpoints/fim.ts";
import "../../src/endpoints/look-ups.ts";
import "../../src/policies/fit-to-window.ts";
import "../../src/policies/guard-answer.ts";
import "../../src/policies/resuming-reply.ts";
import "../../src/policies/spend-within.ts";
import "../../src/prepare/preparing.ts";
import "../../src/transport/send-request.ts";
