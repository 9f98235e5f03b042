<?php
// A connector in PHP, without Kafka: the target of `conexoes bridge webhook`. Try it with `php -S 127.0.0.1:8000 webhook.php`.
declare(strict_types=1);

/** Do the work of a retry again, and say how it went. */
function updatePrice(array $retry): array
{
    return ['status' => 'success', 'message' => "price of {$retry['key']} sent again"];
}

/** True if a request is of Conexões, unchanged, and not an old one (Standard Webhooks). */
function isGenuine(array $headers, string $body, string $secret): bool
{
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    if (abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(substr($secret, strlen('whsec_')), true);
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $headers['webhook-signature'] ?? '') as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

function respond(int $status, ?array $body = null): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    exit($body === null ? '' : json_encode($body, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR));
}

$secret = getenv('CONEXOES_WEBHOOK_SECRET') ?: respond(500);
$body = file_get_contents('php://input');
if (!isGenuine(array_change_key_case(getallheaders()), $body, $secret)) {
    respond(401);
}
$retry = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
try {
    // The body is the data of a result. A request may come twice, with the same webhook-id: do the work once.
    respond(200, updatePrice($retry['data']));
} catch (Exception $error) {
    respond(200, ['status' => 'error', 'errors' => [['code' => 'connector.exception', 'message' => $error->getMessage()]]]);
}
