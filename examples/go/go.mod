module weir.example/judge-keys

go 1.19
