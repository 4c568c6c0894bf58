-- The call that wrk makes: WRK_TARGET and WRK_BODY say which.
wrk.method = "POST"
wrk.body = os.getenv("WRK_BODY")
wrk.headers["Content-Type"] = "application/x-amz-json-1.1"
wrk.headers["X-Amz-Target"] = "KinesisAnalytics_20180523." .. os.getenv("WRK_TARGET")
-- moto answers by the service that a request is signed for.
wrk.headers["Authorization"] =
  "AWS4-HMAC-SHA256 Credential=x/20261126/us-east-1/kinesisanalytics/aws4_request, SignedHeaders=host, Signature=x"
-- With WRK_SPREAD each call is about another of so many applications, numbered from 1.
local spread = tonumber(os.getenv("WRK_SPREAD") or "0")
if spread > 0 then
  local index = 0
  request = function()
    index = (index + 7919) % spread
    return wrk.format(nil, nil, nil,
      string.format('{"ApplicationName":"application-%05d","Limit":20}', index + 1))
  end
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %f %f %d %d\n", summary.requests / summary.duration * 1e6,
    latency:percentile(99) / 1000, summary.errors.status, summary.errors.connect
    + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
