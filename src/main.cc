// The program.
#include <cstdio>

int main() {
  std::puts("firth");
  return 0;
}
