<?php
// A whole connector in PHP, without Kafka: results by HTTP, retries as signed webhooks. PHP 8.1 or newer, no extension.
//
//   conexoes keys create --role connector --account demo --source /connectors/example-php --affiliate MINE
//   KEY=… ACCOUNT=demo AFFILIATE=MINE php connector.php                     # sends two results
//
//   export CONEXOES_WEBHOOK_SECRET="whsec_$(openssl rand -base64 32)"      # the same for both of these
//   php -S 127.0.0.1:9000 connector.php                                    # takes the retries that the bridge posts
//   conexoes bridge webhook --url http://127.0.0.1:9000 --source /connectors/example-php --type price \
//     --account demo --affiliate MINE --allow-network 127.0.0.0/8

declare(strict_types=1);

const SOURCE = '/connectors/example-php';
const TRIES = 5;
const TOLERANCE_SECONDS = 300;

function setting(string $name, string $otherwise = ''): string
{
    return getenv($name) ?: $otherwise;
}

/** Do the work again, and say how it went. */
function update_price(array $retry): array
{
    return ['status' => 'success', 'message' => "price of {$retry['key']} sent again"];
}

/** Send one result. Returns when Kafka has it. */
function emit(array $result): void
{
    // DATE_RFC3339, not DATE_ISO8601: the latter writes +0000, which is no offset of RFC 3339.
    $now = gmdate(DATE_RFC3339);
    $data = ['account' => setting('ACCOUNT', 'demo'), 'affiliate' => setting('AFFILIATE', 'MINE'), 'processed_at' => $now];
    $headers = [
        'Authorization: Bearer ' . setting('KEY'),
        'Content-Type: application/json',
        'ce-specversion: 1.0',
        'ce-type: conexoes.price.result.v1',
        'ce-source: ' . SOURCE,
        'ce-id: ' . bin2hex(random_bytes(16)), // of this result alone, never that of the SKU or order
        'ce-time: ' . $now,
    ];
    post(setting('HTTP', 'http://127.0.0.1:8080') . '/events/results', $headers, json_encode(
        $data + $result,
        JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION
    ));
}

/** Post until it is accepted. The id stays, so that what is posted twice counts once. */
function post(string $url, array $headers, string $body): void
{
    $options = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'timeout' => 30, 'ignore_errors' => true];
    for ($try = 1;; $try++) {
        $stream = @fopen($url, 'r', false, stream_context_create(['http' => $options]));
        $answer = $stream ? stream_get_contents($stream) : 'no connection';
        $head = $stream ? stream_get_meta_data($stream)['wrapper_data'] : ['HTTP/1.1 503'];
        $status = (int) explode(' ', $head[0])[1];
        if ($status === 202) {
            return; // Kafka has it
        }
        if (!in_array($status, [429, 503], true) || $try === TRIES) {
            throw new RuntimeException("$status: $answer"); // what is wrong with the event, in sentences
        }
        $after = preg_filter('/^retry-after: (\d+)$/i', '$1', $head);
        sleep((int) (end($after) ?: 2 ** $try));
    }
}

/** Tell if the request is of the bridge, and of now (Standard Webhooks). */
function is_genuine(string $id, string $time, string $signatures, string $body): bool
{
    $key = base64_decode(substr(setting('CONEXOES_WEBHOOK_SECRET'), strlen('whsec_')));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
    $matching = array_filter(explode(' ', $signatures), fn (string $each) => hash_equals($expected, $each));
    return $key !== '' && $matching !== [] && abs(time() - (int) $time) <= TOLERANCE_SECONDS;
}

/** Answer the retry of one request: the body of the answer is the result, the bridge adds the rest. */
function answer(): void
{
    $body = file_get_contents('php://input');
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $signatures = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';
    if (!is_genuine($id, $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '', $signatures, $body)) {
        http_response_code(401);
        return;
    }
    header('Content-Type: application/json');
    // A retry may come twice, under the same id: the second one gets the answer of the first. Yours may be in a table.
    $kept = sys_get_temp_dir() . '/example-php-' . hash('sha256', $id);
    if (!is_file($kept)) {
        $retry = json_decode($body, true, flags: JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
        try {
            $result = update_price($retry['data']);
        } catch (Throwable $error) {
            // A bug is an answer too. A status of 500 would mean "busy": the same retry would come again and again.
            $errors = [['code' => 'connector.exception', 'message' => (string) $error]];
            $result = ['status' => 'error', 'errors' => $errors];
        }
        file_put_contents($kept, json_encode($result, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE), LOCK_EX);
    }
    readfile($kept);
}

if (PHP_SAPI !== 'cli') {
    answer();
    return;
}
emit(['key' => 'SKU-1', 'status' => 'success', 'operation' => 'update-price']);
emit([
    'key' => 'SKU-2',
    'status' => 'error',
    'operation' => 'update-price',
    'message' => 'The marketplace refused the price',
    'errors' => [
        ['code' => 'price.below_minimum', 'message' => 'The price 9.90 is below the minimum of 12.00', 'field' => 'price'],
        ['code' => 'item.paused', 'message' => 'The listing is paused', 'severity' => 'warning'],
    ],
    'request' => ['sku' => 'SKU-2', 'price' => '9.90'],
    // As text it stays as the marketplace wrote it: json_decode would make 12.0 of 12.00.
    'response' => '{"status":400,"minimum":12.00}',
]);
